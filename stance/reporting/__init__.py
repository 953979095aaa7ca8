"""Floor 7: tables, figures and the reports made of them."""
