"""From usage to charges: the price book, exchange rates, projects and budgets of finance."""
