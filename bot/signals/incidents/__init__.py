"""What many people report at once: reports as values, and the incidents among them."""
