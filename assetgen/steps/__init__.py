"""Steps: pure changes of images."""
