/** The daemon under a service manager: what it tells, what it serves, what it logs, and what its children see. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../process/host/support.ts';
import {
  asActivated,
  asService,
  decodeEntry,
  Lines,
  Receiver,
} from '../support/service-manager.ts';
import { poll, World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, tinyVm } from './manifests.ts';

/** A world whose daemon is a service: it tells and logs to one receiver, so that the order of both is known. */
class Service implements AsyncDisposable {
  readonly world: World;
  readonly manager: Receiver;
  readonly lines: Lines;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #pids: number[] = [];
  #from = 0;

  private constructor(world: World, manager: Receiver, path: string) {
    this.world = world;
    this.manager = manager;
    mkdirSync(world.runtime);
    const handed = { notify: path, journal: path, listen: [`stream:${world.socket}`] };
    const [file = '', ...args] = asActivated(handed, [process.execPath, ...world.daemonArgs()]);
    this.#child = spawn(file, args, {
      // biome-ignore lint/style/noProcessEnv: a child needs PATH
      env: { PATH: process.env['PATH'], ...SERVICE_VARIABLES },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.lines = new Lines(this.#child);
    this.#closed = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  static async in(world: World): Promise<Service> {
    const path = join(world.dir, 'manager');
    return new Service(world, await Receiver.at(path), path);
  }

  get pid(): number {
    return this.#pids.at(-1) ?? 0;
  }

  /** Resolves when the daemon has said that it answers requests. */
  async start(): Promise<void> {
    const before = this.lines.all.length;
    this.#from = this.manager.datagrams.length;
    this.#child.stdin?.write('\n');
    const started = await this.lines.until('the daemon was started', (lines) =>
      lines.slice(before).find((line) => line.startsWith('started ')),
    );
    this.#pids.push(Number(started.split(' ')[1]));
    await this.untilTold('it is ready', (text) => text.startsWith('MESSAGE=ready'));
  }

  /** What this daemon told and logged so far: a text for each message, fields for each entry of the log. */
  told(): readonly { readonly text: string; readonly fields: Readonly<Record<string, string>> }[] {
    return this.manager.datagrams.slice(this.#from).map((bytes) => {
      const text = bytes.toString('utf8');
      const isEntry = text.startsWith('MESSAGE');
      return { text, fields: isEntry ? Object.fromEntries(decodeEntry(bytes)) : {} };
    });
  }

  async untilTold(what: string, matches: (text: string) => boolean): Promise<void> {
    await this.manager.until(what, () => this.told().some(({ text }) => matches(text)));
  }

  /** Resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { pid } = this;
    process.kill(pid, signal);
    await poll('the daemon is gone', () => isGone(pid));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#pids) if (!isGone(pid)) process.kill(pid, 'SIGKILL');
    this.#child.kill('SIGKILL');
    await this.#closed;
    await this.manager[Symbol.asyncDispose]();
  }
}

/** As systemd.exec(5) sets them for a service. */
const SERVICE_VARIABLES = {
  NOTIFY_SOCKET: '/run/systemd/notify',
  WATCHDOG_USEC: '3000000000',
  JOURNAL_STREAM: '8:1234',
  INVOCATION_ID: '0123456789abcdef0123456789abcdef',
  LISTEN_FDNAMES: 'solovirt.socket',
};

/** Its parent in these tests never reaps it. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') ?? true;
  } catch {
    return true;
  }
}

test('the daemon is ready after adoption and before it starts any VM', async () => {
  await using world = new World();
  await using service = await Service.in(world);
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  await service.start();
  await world.untilStatus('web', 'Running');
  const told = service.told();
  const ready = told.findIndex(({ text }) => text === 'READY=1\nSTATUS=no VMs');
  const start = told.findIndex(({ fields }) => fields['SOLOVIRT_ACTION'] === 'start');
  expect(ready).toBeGreaterThan(-1);
  expect(start).toBeGreaterThan(ready);
  expect(told[start]?.fields).toMatchObject({
    MESSAGE: 'web: start – Always, not run yet: to be started',
    SOLOVIRT_VM: 'default/web',
    SYSLOG_IDENTIFIER: 'solovirt',
  });
  await service.untilTold('the VM counts', (text) => text === 'STATUS=1 VM: 1 running');
  const qemus = world.liveQemus();
  await service.end('SIGKILL');
  await service.start();
  expect(service.told().map(({ text }) => text)).toContain('READY=1\nSTATUS=1 VM: 1 running');
  expect(world.liveQemus()).toEqual(qemus);
});

test('SIGTERM ends the daemon, not the guests; the socket stays and the next daemon serves it', async () => {
  await using world = new World();
  await using service = await Service.in(world);
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  await service.start();
  await world.untilStatus('web', 'Running');
  const qemus = world.liveQemus();
  const watch = watchOf(world);
  await watch.begun;
  await service.end('SIGTERM');
  expect(service.told().map(({ text }) => text)).toContain(
    'STOPPING=1\nSTATUS=stopping; 1 guest runs on',
  );
  // The stream has an end, it does not just break off.
  expect(await watch.ended).toBe('complete');
  expect(existsSync(world.socket)).toBe(true);
  const waiting = world.vm('web');
  await service.start();
  expect((await waiting).status.printableStatus).toBe('Running');
  expect(world.liveQemus()).toEqual(qemus);
});

test('SIGHUP looks at the VM directory, and the service manager is told of it', async () => {
  await using world = new World();
  await using service = await Service.in(world);
  await service.start();
  process.kill(service.pid, 'SIGHUP');
  await service.untilTold('it reloads', (text) => text.startsWith('RELOADING=1\nMONOTONIC_USEC='));
  await service.untilTold('it is ready again', (text) => text === 'READY=1');
});

test('the end of a run is found in the journal by its VM and its reason', async () => {
  await using world = new World();
  await using service = await Service.in(world);
  const domain = ISA_PANIC_DEVICE;
  world.write('web', tinyVm('web', { strategy: 'Once', guest: 'panic', devices: domain }));
  await service.start();
  const run = await world.untilRuns('web', 1);
  expect(run.verdict.reason).toBe('GuestPanicked');
  const entries = (): readonly Readonly<Record<string, string>>[] =>
    service
      .told()
      .map(({ fields }) => fields)
      .filter(
        (f) => f['SOLOVIRT_VM'] === 'default/web' && f['SOLOVIRT_REASON'] === 'GuestPanicked',
      );
  // The journal is another process: it may hear of the end a moment after the API has told us.
  await poll('both entries are there', () => entries().length >= 2);
  const found = entries();
  expect(found).toContainEqual(
    expect.objectContaining({ SOLOVIRT_OUTCOME: 'Failed', SOLOVIRT_INSTANCE: run.uid }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ MESSAGE: expect.stringMatching(/^web: GuestPanicked – /) }),
  );
});

test('no child sees anything of what was handed over', async () => {
  await using tmp = await temporaryDirectory();
  const seen = join(tmp.path, 'seen');
  const qemu = join(tmp.path, 'qemu');
  const look = `{ env; readlink /proc/$$/fd/*; } >>${seen}`;
  writeFileSync(qemu, `#!/bin/sh\n${look}\nexec qemu-system-x86_64 "$@"\n`);
  chmodSync(qemu, 0o755);
  await using world = new World({ args: ['--qemu', qemu] });
  await using service = await Service.in(world);
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  await service.start();
  await world.untilStatus('web', 'Running');
  const children = [readFileSync(seen, 'utf8'), ...world.liveQemus().map(sightOf)];
  expect(children).toHaveLength(2);
  const sockets = [3, 4, 5].map((fd) => readlinkSync(`/proc/${service.pid}/fd/${fd}`));
  expect(new Set(sockets).size).toBe(3);
  for (const child of children) {
    expect(child).toMatch(/^PATH=/m);
    expect(child).not.toMatch(/^(NOTIFY|LISTEN|WATCHDOG|JOURNAL|INVOCATION|SOLOVIRT)_/m);
    for (const socket of sockets) expect(child).not.toContain(socket);
  }
});

/** Environment and descriptors of a process. */
function sightOf(pid: number): string {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return [...environment, ...links].join('\n');
}

test.for<[string, (world: World) => readonly string[], Record<string, string>, RegExp]>([
  ['serve', ({ socket }) => [`dgram:${socket}`], {}, /handed over descriptor 3, which is no Unix/],
  [
    'talk on',
    () => [],
    { SOLOVIRT_NOTIFY_FD: '77' },
    /SOLOVIRT_NOTIFY_FD: must be the number of an open socket, but descriptor 77 is none/,
  ],
])('a start with a wrong socket to %s fails and says why', async ([, listen, env, words]) => {
  await using world = new World();
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  mkdirSync(world.runtime);
  const [file = '', ...args] = asService({ listen: listen(world) }, [
    process.execPath,
    ...world.daemonArgs(),
  ]);
  const child = spawn(file, args, {
    // biome-ignore lint/style/noProcessEnv: a child needs PATH
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(stderr).toMatch(words);
  expect(code).toBeGreaterThan(0);
  expect(world.liveQemus()).toEqual([]);
});

interface Watch {
  readonly begun: Promise<void>;
  readonly ended: Promise<'complete' | 'broken'>;
}

function watchOf(world: World): Watch {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<'complete' | 'broken'>();
  const path = '/apis/kubevirt.io/v1/virtualmachines?watch=1';
  const outgoing = request({ socketPath: world.socket, path }, (response) => {
    response.on('data', () => begun.resolve());
    response.on('error', () => ended.resolve('broken'));
    response.on('close', () => ended.resolve(response.complete ? 'complete' : 'broken'));
  });
  outgoing.on('error', begun.reject);
  outgoing.end();
  return { begun: begun.promise, ended: ended.promise };
}
