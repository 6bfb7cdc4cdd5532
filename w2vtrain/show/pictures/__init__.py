"""Pictures of vectors and of trainings; what draws them comes with the extra `w2vtrain[plot]`."""
