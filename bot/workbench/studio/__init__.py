"""One rule in the browser, tried on past issues at each keystroke."""
