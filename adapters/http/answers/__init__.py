"""From what is known to a reply: the form that is asked for, its position in the log, tables that are kept."""
