/**
 * Makes `client.cache` or `daemon.cache` beside the program: `NODE scripts/lib/code-cache.ts DIR client|daemon`, where
 * NODE is the one that will run it, with the flags that it will have: V8 takes no cache that was made under others. The
 * program is run first, so that what every run needs is in the cache, too.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';
import type { Script } from 'node:vm';

interface Starter {
  readonly compile: () => Script;
  readonly run: (script: Script) => void;
}

const DEADLINE_MS = 60_000;

const [dir = '.', name = ''] = process.argv.slice(2);
const starter = join(resolve(dir), `start-${name}.cjs`);
const { compile, run } = createRequire(import.meta.url)(starter) as Starter;
const script = compile();

function start(args: readonly string[]): void {
  process.argv = [process.execPath, starter, ...args];
  run(script);
}

function store(): void {
  const cache = join(resolve(dir), `${name}.cache`);
  writeFileSync(cache, script.createCachedData());
  // The daemon has set its own umask.
  chmodSync(cache, 0o644);
}

/** A list that finds no daemon has run most of what every verb runs. */
function runClient(): void {
  process.stderr.write = () => true;
  process.once('exit', () => {
    store();
    process.exitCode = 0;
  });
  start(['--socket', join(resolve(dir), 'no-socket'), 'list']);
}

/** One that has read a file and answered a list has run what every daemon runs. It starts no guest. */
async function runDaemon(): Promise<void> {
  // Once a flag is another, the cache is one for that flag.
  v8.setFlagsFromString = () => {};
  const at = mkdtempSync(join(tmpdir(), 'solovirt-cache-'));
  try {
    const [config, vms, socket] = ['config.yaml', 'vms', 'socket'].map((part) => join(at, part));
    if (config === undefined || vms === undefined || socket === undefined) return;
    writeFileSync(config, '');
    mkdirSync(vms);
    writeFileSync(join(vms, 'vm.yaml'), MANIFEST);
    const places = ['--state', join(at, 'state'), '--runtime', join(at, 'run'), '--socket', socket];
    const rest = [
      '--images',
      at,
      '--launcher',
      'direct',
      '--accel',
      'tcg',
      '--log-level',
      'silent',
    ];
    start(['daemon', '--config', config, '--vms', vms, ...places, ...rest]);
    const giveUp = performance.now() + DEADLINE_MS;
    while (!(existsSync(socket) && (await list(socket)).includes('"Stopped"'))) {
      if (performance.now() > giveUp) throw new Error('the daemon does not list its VM');
      await sleep(20);
    }
    store();
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

const MANIFEST = `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: vm
spec:
  runStrategy: Halted
  template:
    spec:
      domain:
        memory: {guest: 1Gi}
        devices:
          disks:
            - name: root
              disk: {bus: virtio}
      volumes:
        - name: root
          containerDisk: {image: 'none:none'}
`;

function list(socketPath: string): Promise<string> {
  const { promise, resolve: answered, reject } = Promise.withResolvers<string>();
  get({ socketPath, path: '/apis/kubevirt.io/v1/virtualmachines' }, (response) => {
    response
      .setEncoding('utf8')
      .toArray()
      .then((parts) => answered(parts.join('')), reject);
  }).on('error', reject);
  return promise;
}

switch (name) {
  case 'client':
    runClient();
    break;
  case 'daemon':
    await runDaemon();
    process.exit(0);
    break;
  default:
    throw new Error('usage: NODE scripts/lib/code-cache.ts DIR client|daemon');
}
