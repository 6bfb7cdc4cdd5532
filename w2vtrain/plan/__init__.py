"""What a run will take, measured on a short probe before it: vocabulary, disk, memory, time."""
