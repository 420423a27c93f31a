"""The known-problems site: a page for each rule, from rules, an archive and (if there are any) votes."""
