"""What the reference page and the manual pages need beyond what every template is handed."""
