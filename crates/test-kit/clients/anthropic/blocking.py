"""The asynchronous client called as the synchronous one is, so that one script tries both."""

import asyncio
import inspect


class Blocking:
    """Stands before a thing of the asynchronous client and waits for whatever it gives."""

    def __init__(self, thing, loop):
        self._thing, self._loop = thing, loop

    def __getattr__(self, name):
        return self._plain(getattr(self._thing, name))

    def __call__(self, *args, **kwargs):
        result = self._thing(*args, **kwargs)
        if inspect.isawaitable(result) and not hasattr(result, "__aiter__"):
            result = self._loop.run_until_complete(result)
        return self._plain(result)

    def __enter__(self):
        return self._plain(self._loop.run_until_complete(self._thing.__aenter__()))

    def __exit__(self, *failure):
        return self._loop.run_until_complete(self._thing.__aexit__(*failure))

    def __iter__(self):
        things = self._thing.__aiter__()
        while True:
            try:
                yield self._loop.run_until_complete(things.__anext__())
            except StopAsyncIteration:
                return

    def _plain(self, thing):
        module = type(thing).__module__
        is_theirs = module.startswith("anthropic") and not module.startswith("anthropic.types")
        return Blocking(thing, self._loop) if is_theirs or inspect.ismethod(thing) else thing
