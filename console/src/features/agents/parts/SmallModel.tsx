/** The model that comes with the server is there so that everything works at once, not to be clever. */
export function SmallModel({ model }: { model: string }) {
  if (!model.startsWith('local/')) return null
  return (
    <p className="max-w-md text-muted text-sm">
      The built-in model is small: it shows that everything works, and is often wrong. Add a provider in the
      settings for one that knows more.
    </p>
  )
}
