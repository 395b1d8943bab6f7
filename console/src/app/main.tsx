import { QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Toasts } from '@/components/ui/toast'
import { TipProvider } from '@/components/ui/tooltip'
import { setTypedKey } from '@/lib/api/key'
import { loginQuery } from '@/lib/api/login'
import { createQueryClient } from '@/lib/api/query'
import { soon } from '@/lib/leisure'
import '../theme.css'
import { NotFound, PageFault, Pending } from './outside'
import { routes } from './routes'

const client = createQueryClient(() => {
  // Where people log in there is nobody to log in yet.
  const isOutside = ['/login', '/invite/', '/cli/verify'].some((path) => location.pathname.startsWith(path))
  if (isOutside) return
  // A key that opens nothing any more would stand before every login.
  setTypedKey(undefined)
  const next = location.pathname + location.search
  // The frame that is left stands on the login until it is gone.
  void router
    .navigate({ to: '/login', search: { next } })
    .then(() => client.removeQueries({ queryKey: ['login'] }))
})

const router = createRouter({
  routeTree: routes,
  context: { client },
  defaultPreload: 'intent',
  defaultPendingMs: 300,
  // What has come is shown, though grey bars were there only a moment.
  defaultPendingMinMs: 0,
  defaultPendingComponent: Pending,
  defaultErrorComponent: PageFault,
  defaultNotFoundComponent: NotFound,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

// Who is logged in and the page's code are asked for side by side.
for (const { routeId } of router.matchRoutes(router.latestLocation)) {
  if (routeId === '/shell') void client.prefetchQuery(loginQuery)
  const route = router.routesById[routeId as keyof typeof router.routesById]
  // The router asks again, and says what is wrong, when it comes to draw the page.
  if (route) router.loadRouteChunk(route)?.catch(() => {})
}

/** In one piece, if what it shows is there soon; or else with grey bars where that will be. */
async function draw(root: HTMLElement) {
  await soon(router.load())
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <TipProvider>
          <RouterProvider router={router} />
          <Toasts />
        </TipProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
}

const root = document.getElementById('app')
if (root) void draw(root)
