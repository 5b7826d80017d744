"""Pure rules of intake: numbers and calls that belong together, and which mails are reports."""
