// Runs before the first paint, so that a chosen theme does not flash. `src/lib/theme` writes what it reads.
try {
  const theme = localStorage.getItem('sortie.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // A browser that keeps nothing follows the system.
}
