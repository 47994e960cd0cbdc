"""Built-in plugins. They import ``leukokit.api`` alone and are found through the same door as anyone's."""
