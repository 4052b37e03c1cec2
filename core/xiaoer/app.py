"""An app: everything of one process, made from its settings, started and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import structlog

from xiaoer.adapter import Adapter
from xiaoer.attaching import Files
from xiaoer.building import Compiler, package_of
from xiaoer.builtin import Xiaoer
from xiaoer.buttons import ButtonSigner
from xiaoer.clocks import Clock, CommunityClock, SystemClock
from xiaoer.commands import Command
from xiaoer.communities import Community
from xiaoer.delivery import Delivery
from xiaoer.dispatch import Dispatcher
from xiaoer.errors import ConfigError, PluginError
from xiaoer.events import PlatformEvent, Who
from xiaoer.filing import FileRules
from xiaoer.hosting import AppHost
from xiaoer.housekeeping import keep_tidy
from xiaoer.locks import FileLock
from xiaoer.migration import migrate
from xiaoer.pictures import Pictures, PictureTable
from xiaoer.pipeline import Pipeline
from xiaoer.plugin import Cron, Plugin
from xiaoer.recovery import recover
from xiaoer.registry import Registry, timers_of
from xiaoer.reports import Reports
from xiaoer.roles import OWNERS, may
from xiaoer.runtime import CommunityRuntime
from xiaoer.scheduler import Scheduler
from xiaoer.secrets import claim_code, is_claim_code
from xiaoer.settings import LoadedSettings
from xiaoer.store import Store
from xiaoer.tasks import Tasks
from xiaoer.texts import Texts
from xiaoer.transaction import Requested
from xiaoer.values import CLEAN_STOP, CLOCK_OFFSET, get_value, put_value


class App:
    """One process of Xiaoer.

    Args:
        settings: what ``plugins.toml`` says.
        plugins: the plugin classes it names, by name.
        adapters: the adapter classes it names, by platform.
        key: what buttons are signed with and claim codes are derived from.
        clock: platform time.
    """

    def __init__(
        self,
        settings: LoadedSettings,
        plugins: Mapping[str, type[Plugin[Any]]],
        adapters: Mapping[str, type[Adapter]],
        key: bytes,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = CommunityClock(clock or SystemClock())
        kept = settings.xiaoer.files
        self._file_rules = FileRules(kept.largest, kept.kinds)
        self.store = Store(settings.database, self.clock.now, settings.xiaoer.synchronous, self._file_rules)
        self.addresses: list[str] = []
        self.failure: BaseException | None = None
        self._key = key
        self._plugins = plugins
        self._adapter_classes = adapters
        self._adapters: dict[str, Adapter] = {}
        self._lock = FileLock(settings.database)
        self._exits = AsyncExitStack()
        self._left_out = dict(settings.left_out)
        self._timers: dict[tuple[str, str], tuple[Cron, ...]] = {}
        self._ended = asyncio.Event()
        self._tasks = Tasks(self._crashed)
        self.runtimes: dict[str, CommunityRuntime] = {}

    async def start(self) -> None:
        """Bring the database up to date, take up what the last run left, and begin to serve.

        Raises:
            StoreError: the database cannot be used.
            PluginError: a plugin that calls itself required cannot be taken in.
            ConfigError: one that the configuration requires cannot be taken in, two plugins claim one command, or a
                community's own words name a text or a placeholder that is not there.
        """
        try:
            await self._start()
        except BaseException:
            await self._exits.aclose()
            raise

    async def _start(self) -> None:
        self._lock.acquire()
        self._exits.callback(self._lock.release)
        registry = self._migrated(self._registered())
        await self.store.open()
        self._exits.push_async_callback(self.store.close)
        self._exits.push_async_callback(self._tasks.stop)
        offset = await get_value(self.store, CLOCK_OFFSET, 0) if self.all_sandboxes else 0
        self.clock.move(timedelta(seconds=offset))
        signer = ButtonSigner(self._key)
        self._compile(registry, signer)
        self._wire(registry, signer)
        await self._take_up()
        for name, adapter in self._adapters.items():
            self.addresses.append(await adapter.start())
            self._exits.push_async_callback(adapter.stop)
            structlog.get_logger().info("adapter started", platform=name)
        self._tasks.spawn(self.delivery.run(), "delivery")
        self._tasks.spawn(self.scheduler.run(), "scheduler")
        self._tasks.spawn(keep_tidy(self.store, self.clock), "housekeeping")

    async def _take_up(self) -> None:
        """Begin to take events in, first those that the last run left, and set the timers."""
        clean = await get_value(self.store, CLEAN_STOP, True)
        await put_value(self.store, CLEAN_STOP, False)
        self.pipeline.start(careful=not clean)
        self._exits.push_async_callback(self._come_to_an_end)
        for name, reason in self._left_out.items():
            for loaded in self.settings.communities:
                if name in loaded.asked_for:
                    self.reports.tell(loaded.community.id, "xiaoer.plugin.left_out", {"plugin": name, "reason": reason})
        self.pipeline.take_up(await recover(self.store, self.reports.tell, clean=clean))
        await self.scheduler.declare(
            (runtime.community, name, self._timers.get((runtime.community.id, name), ()))
            for runtime in self.runtimes.values()
            for name in runtime.plugins
        )

    async def _come_to_an_end(self) -> None:
        await self.pipeline.finish()
        await put_value(self.store, CLEAN_STOP, True)

    async def stop(self) -> None:
        """Stop taking events, store what came in, and end."""
        await self._exits.aclose()

    async def drop(self) -> None:
        """End as a crash would: store nothing more and tidy nothing up."""
        for adapter in self._adapters.values():
            await adapter.stop()
        await self._tasks.stop()
        await self.store.drop()
        self._lock.release()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Keep a background task that lives as long as the app."""
        return self._tasks.spawn(work, name)

    async def ended(self) -> None:
        """Return when a part of the app has failed so that it cannot go on; ``failure`` says how."""
        await self._ended.wait()

    async def settled(self) -> None:
        """Return when everything that came in is stored and everything that was asked for is performed."""
        while self.pipeline.in_hand or self.reports.open or not (self.delivery.idle and self.scheduler.idle):
            await self.scheduler.settled()
            await self.pipeline.drain()
            await self.reports.told()
            await self.delivery.settled()

    @property
    def all_sandboxes(self) -> bool:
        """Whether every chat is for trying things out, so that community time may be moved."""
        return all(kind.sandbox for kind in self._adapter_classes.values())

    def extensions(self) -> tuple[type[Any], ...]:
        """Return the plugin and adapter classes it was made with."""
        return (*self._plugins.values(), *self._adapter_classes.values())

    async def claim_codes(self) -> dict[str, str]:
        """Return, by community without an owner, the code with which a person becomes it."""
        return {
            name: claim_code(self._key, name)
            for name, runtime in self.runtimes.items()
            if not runtime.community.owners and not await self.store.read(OWNERS, community=name)
        }

    def check(self) -> None:
        """Find what a start would find in the configuration, without the database and without starting.

        Raises:
            PluginError: a plugin that calls itself required cannot be taken in.
            ConfigError: one that the configuration requires cannot be taken in, two plugins claim one command, or own
                words name a text or a placeholder that is not there.
        """
        self._compile(self._registered(), ButtonSigner(self._key))

    def _registered(self) -> Registry:
        registry = Registry()
        self._end_without(self.settings.left_out)
        for name, reason in self.settings.left_out.items():
            structlog.get_logger().error("plugin left out", plugin=name, reason=reason)
        self._builtin = Xiaoer(self._is_claim_code, self._available)
        registry.register(self._builtin)
        for name in self.settings.plugin_names:
            try:
                plugin = registry.take(name, self._plugins[name])
                for loaded in self.settings.communities:
                    if name in loaded.plugins:
                        self._timers[loaded.community.id, name] = timers_of(plugin, loaded.configs[name])
            except PluginError as error:
                self._leave_out(registry, error)
        return registry

    def _migrated(self, registry: Registry) -> Registry:
        packages = [("xiaoer", "xiaoer")]
        packages += [(name, package_of(kind)) for name, kind in self._adapter_classes.items()]
        packages += [(name, package_of(type(plugin))) for name, plugin in registry.plugins.items() if name != "xiaoer"]
        for error in migrate(self.settings.database, packages):
            self._leave_out(registry, error)
        return registry

    def _leave_out(self, registry: Registry, error: PluginError) -> None:
        """Go on without what is at fault, unless it is required."""
        self._end_without({error.plugin: error.message})
        kind = self._plugins.get(error.plugin)
        if kind is None or kind.required:
            raise error
        registry.plugins.pop(error.plugin, None)
        self._left_out[error.plugin] = error.message
        structlog.get_logger().error("plugin left out", plugin=error.plugin, reason=error.message)

    def _end_without(self, left_out: Mapping[str, str]) -> None:
        """End the start when the configuration requires one of these; each is given with the reason."""
        problems = [
            self.settings.problem(("xiaoer", "required", number), f"plugin {name} cannot be taken in: {left_out[name]}")
            for number, name in enumerate(self.settings.xiaoer.required)
            if name in left_out
        ]
        if problems:
            raise ConfigError(self.settings.file, problems)

    def _compile(self, registry: Registry, signer: ButtonSigner) -> None:
        self.texts = self._read_texts(registry)
        problems = [
            self.settings.problem(
                ("communities", loaded.community.id, "texts", found.language, found.key), found.message
            )
            for loaded in self.settings.communities
            for found in self.texts.problems(loaded.texts)
        ]
        compiler = Compiler(registry, self.texts, signer, self._builtin)
        for loaded in self.settings.communities:
            try:
                self.runtimes[loaded.community.id] = compiler.compile(loaded)
            except PluginError as error:
                problems.append(self.settings.problem(("communities", loaded.community.id, "plugins"), str(error)))
        if problems:
            raise ConfigError(self.settings.file, problems)

    def _read_texts(self, registry: Registry) -> Texts:
        """Read what everybody says; a plugin whose texts cannot be read is left out."""
        while True:
            kinds: Iterable[type[Any]] = [*map(type, registry.plugins.values()), *self._adapter_classes.values()]
            try:
                return Texts.load(dict.fromkeys(["xiaoer", *map(package_of, kinds)]))
            except PluginError as error:
                dumb = [name for name, one in registry.plugins.items() if package_of(type(one)) == error.plugin]
                if not dumb or "xiaoer" in dumb:
                    raise
                for name in dumb:
                    self._leave_out(registry, PluginError(name, error.message))

    def _wire(self, registry: Registry, signer: ButtonSigner) -> None:
        self.reports = Reports(self.store, self._tasks, self.runtimes)
        self.dispatcher = Dispatcher(self.store, self.clock.platform, signer, self.reports.tell)
        self.pipeline = Pipeline(self.store, self.dispatcher, self.clock, self.runtimes.values(), self._tasks)
        pictures = Pictures(PictureTable(registry.plugins.items()), self.clock.platform)
        files = Files(self.store, self._file_rules)
        self.delivery = Delivery(
            self.store,
            self.clock,
            self._adapters,
            self._tasks,
            self.reports.tell_within,
            pictures,
            self._community,
            files,
            lambda: self.pipeline.crowded,
        )
        self.scheduler = Scheduler(self.store, self.clock, self.pipeline.submit, self.reports.tell)
        self.store.on_commit = self._committed
        self.store.on_damage = self._crashed
        for name, kind in self._adapter_classes.items():
            self._adapters[name] = kind(self.settings.adapters[name], AppHost(self, name, signer))

    def _committed(self, requested: Requested) -> None:
        if requested.actions:
            self.delivery.wake(anew=requested.reopened)
        if requested.timers:
            self.scheduler.wake()
        for call in requested.after:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - bulkhead "adapter": what is stored is stored
                structlog.get_logger().error("adapter failed", task="after a commit", exc_info=error)
        for event in requested.events:
            self.pipeline.submit(event, parked=True)

    def _community(self, name: str) -> Community | None:
        runtime = self.runtimes.get(name)
        return runtime.community if runtime is not None else None

    def _crashed(self, error: BaseException) -> None:
        self.failure = error
        self._ended.set()

    def _is_claim_code(self, community: str, claims: int, code: str) -> bool:
        return is_claim_code(self._key, community, claims, code)

    async def commands(self, community: str, who: Who) -> list[Command]:
        """Return the commands that a person may use."""
        runtime = self.runtimes[community]
        role = await self.dispatcher.role(runtime, who)
        grants = runtime.community.grants
        return [
            command
            for command in runtime.tree
            if not command.needs
            or may(role, command.needs, runtime.plugins[command.plugin].plugin.capabilities, grants)
        ]

    async def _available(self, community: str, event: PlatformEvent) -> list[Command]:
        return await self.commands(community, event.who)
