//! The test house: a whole Sortie in memory, the scripted model, the store stories.
