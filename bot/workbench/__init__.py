"""What rule authors use: check, explain, suggest, backtest, editor support, studio."""
