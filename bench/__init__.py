"""Side-by-side measurements; script/bench runs them."""
