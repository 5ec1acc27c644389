/** What `validate --host` says of files, on a real daemon, a real QEMU and real ports. */
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../process/cli-harness.ts';
import { World } from './daemon-harness.ts';
import { managedNetwork, tinyVm } from './manifests.ts';

const NETWORK = `          interfaces:
            - name: default
              masquerade: {}
`;

let world: World;
let server: Server;
let port: number;
beforeAll(async () => {
  world = await World.start();
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await world[Symbol.asyncDispose]();
});

const check = (text: string, ...args: string[]) =>
  runCli(['validate', '--host', '-', ...args], {
    socket: world.socket,
    stdin: text,
    requestMs: 30_000,
  });

async function codes(text: string): Promise<readonly string[]> {
  const { problems } = JSON.parse((await check(text, '-o', 'json')).stdout);
  return problems.map(({ code }: { code: string }) => code);
}

test('a VM that can run here is only told that it is emulated', async () => {
  const { code, stdout } = await check(tinyVm('fine', { strategy: 'Halted' }));
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^stdin:2:1: the guest would be emulated, which is slow: .* \(warning\)\n/,
  );
  expect(stdout).toMatch(/\n1 file, 1 valid VM: 0 errors, 1 warning\n$/);
});

test('an image that is missing is told at its volume, with the place where it belongs', async () => {
  const text = tinyVm('no-image', { strategy: 'Halted' }).replace(
    /image: '[^']+'/,
    "image: 'shop:1.4'",
  );
  const { code, stdout } = await check(text);
  expect(code).toBe(1);
  expect(stdout).toContain(
    `spec.template.spec.volumes[0]: the image shop:1.4 is not in the image directory: put it at ${join(world.images, 'shop/1.4.qcow2')}`,
  );
});

test('a machine type that QEMU lacks and a kernel that is not there are errors', async () => {
  const text = tinyVm('odd', {
    strategy: 'Halted',
    domain: '        machine: {type: pc-q35-99.9}\n',
    annotations: { kernel: 'no/vmlinuz' },
  });
  expect(await codes(text)).toEqual(
    expect.arrayContaining(['unknown-machine-type', 'kernel-not-ready']),
  );
});

test('a port on which another program listens is an error, at the annotation', async () => {
  const forwarding = (host: number) =>
    tinyVm('ports', {
      strategy: 'Halted',
      annotations: { 'host-ports': `${host}:80` },
      devices: NETWORK,
      spec: '      networks: [{name: default, pod: {}}]\n',
    });
  const { stdout } = await check(forwarding(port));
  expect(stdout).toContain(
    `metadata.annotations[solovirt.io/host-ports]: another program listens on port ${port}/tcp of 127.0.0.1`,
  );
});

test('a bridge that is not there is told at the network, before the VM is started', async () => {
  const vm = tinyVm('bridged', {
    strategy: 'Halted',
    devices: '          interfaces: [{name: lan, bridge: {}}]\n',
    spec: '      networks: [{name: lan, multus: {networkName: lan}}]\n',
  });
  const network = `---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lan}
spec: {config: '{"type": "bridge", "bridge": "svnothere"}'}
`;
  expect(await codes(vm)).toContain('network-not-ready');
  const { code, stdout } = await check(vm + network);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /spec\.template\.spec\.networks\[0\]: interface lan: (the network default\/lan is on the bridge svnothere|this daemon has no right|this host has no)/,
  );
});

test('a network that another file leaves no room for is told where its file says so', async () => {
  const beside = tinyVm('beside', { strategy: 'Halted' });
  world.write('networks', `${beside}---\n${managedNetwork('wide', 'svwide', '10.61.0.0/16')}`);
  await world.untilStatus('beside', 'Stopped');
  const near = await check(managedNetwork('near', 'svnear', '10.61.7.0/24'));
  expect(near.code).toBe(0);
  expect(near.stdout).toContain(
    'stdin:7:47: spec.config.ipam.subnet: its subnet 10.61.7.0/24 overlaps 10.61.0.0/16 of the network default/wide: while guests are in one',
  );
  expect(await codes(managedNetwork('apart', 'svwide', '10.62.0.0/24'))).toEqual([
    'network-collides',
  ]);
  expect(await codes(managedNetwork('wide', 'svwide', '10.61.0.0/24'))).toEqual([]);
});

test('a disk of a running VM is taken for others, and not for itself', async () => {
  const disk = join(world.dir, 'shared.img');
  // Volumes are the last lines of the file.
  const volume = `        - name: data\n          hostDisk: {path: ${disk}, type: DiskOrCreate, capacity: 1Mi}\n`;
  const owner = tinyVm('owner', { strategy: 'Always' }) + volume;
  world.write('owner', owner);
  await world.untilStatus('owner', 'Running');
  expect(await codes(owner)).toEqual(['no-kvm']);
  const other = await check(owner.replaceAll('owner', 'other'));
  expect(other.code).toBe(1);
  expect(other.stdout).toContain(`${disk} is in use by VM default/owner; stop that one first`);
});

test('a file with errors is only told those', async () => {
  const broken = tinyVm('broken', { strategy: 'Halted' }).replace('runStrategy', 'runStratgy');
  const { code, stdout } = await check(broken);
  expect(code).toBe(1);
  expect(stdout).toContain('did you mean "runStrategy"?');
  expect(stdout).not.toContain('emulated');
});

test('without a daemon --host is exit code 3, and nothing else is', async () => {
  const none = { socket: join(world.dir, 'none'), stdin: tinyVm('x', { strategy: 'Halted' }) };
  expect((await runCli(['validate', '--host', '-'], none)).code).toBe(3);
  expect((await runCli(['validate', '-'], none)).code).toBe(0);
});
