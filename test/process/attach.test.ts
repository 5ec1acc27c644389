/** The wrapper that makes taps, in a network of its own. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NetNamespace, whyNoNetwork } from '../support/net-namespace.ts';

const ATTACH = resolve(import.meta.dirname, '../../src/qemu/attach');
const HELPER = '/usr/lib/qemu/qemu-bridge-helper';
const WHY_NOT = whyNoNetwork();
const ORDER = 'sv00000000n0 64 svbr0 0 0 0';
/** Names of the bridge's ports, and what the descriptor leads to. */
const LOOK = ['sh', '-c', 'ip -brief link show master svbr0; readlink /proc/self/fd/64'];

interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(WHY_NOT !== undefined)(`attach${WHY_NOT ? ` (${WHY_NOT})` : ''}`, () => {
  let host: NetNamespace;
  beforeAll(async () => {
    host = await NetNamespace.make();
    await host.get('ip', 'link', 'add', 'svbr0', 'type', 'bridge');
  });
  afterAll(() => host[Symbol.asyncDispose]());

  async function run(...command: readonly string[]): Promise<Ran> {
    const [program, ...args] = host.inside(...command);
    const { exitCode, stdout, stderr } = await execa(program, args, { reject: false });
    return { code: exitCode, stdout, stderr };
  }

  test('becomes the program, which has the tap open, and the tap goes with it', async () => {
    const { code, stdout } = await run(ATTACH, '--tap', ORDER, '--', ...LOOK);
    expect(stdout).toMatch(/^sv00000000n0 .*\n\/.*net\/tun$/);
    expect(code).toBe(0);
    expect(await host.get('ip', 'link', 'show', 'master', 'svbr0')).toBe('');
    expect((await run(ATTACH, '--tap', ORDER, '--', 'sh', '-c', 'exit 7')).code).toBe(7);
    expect((await run(ATTACH, '--tap', ORDER, '--', '/nowhere')).code).toBe(127);
  });

  test.for([
    ['sv00000000n0 64 svbr1 0 0 0', /there is no network interface svbr1/],
    ['sv00000000n0 64 lo 0 0 0', /lo is no bridge/],
    ['eth0 64 svbr0 0 0 0', /no order for a tap/],
    ['sv00000000n0 64 svbr0 10 0 0', /no MTU: 10/],
    ['sv00000000n0 64 svbr0 0 4095 0', /no VLAN: 4095/],
    ['sv00000000n0 64 svbr0 0 0 0\n', /no order for a tap/],
  ] as const)('refuses %j', async ([order, words]) => {
    const { code, stderr } = await run(ATTACH, '--tap', order, '--', 'true');
    expect([code, stderr]).toEqual([125, expect.stringMatching(words)]);
  });

  test.skipIf(!existsSync(HELPER))('has QEMU’s helper make it, where that may', async () => {
    // The helper's list of bridges lies at one place, in another /etc for it.
    const helped = (list: string): Promise<Ran> =>
      run(
        ...['unshare', '--mount', 'sh', '-ec'],
        'mount -t tmpfs none /etc; mkdir /etc/qemu; echo "$0" >/etc/qemu/bridge.conf; exec "$@"',
        ...[list, ATTACH, '--helper', HELPER, '--tap', ORDER, '--', ...LOOK],
      );
    expect(await helped('allow svbr0')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^tap0 .*\n\/.*net\/tun$/),
    });
    expect(await helped('deny all')).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('it takes a line "allow svbr0" in /etc/qemu/bridge.conf'),
    });
  });
});
