import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../src/core/manifest/parse.ts';
import { RUN_STRATEGIES } from '../../src/core/model/virtual-machine.ts';
import { runCli } from './cli-harness.ts';

const create = (...args: string[]) => runCli(['create', 'vm', ...args]);

test('create vm prints a manifest in the field order of the examples', async () => {
  const args = [
    ...['--name', 'web', '--run-strategy', 'rerunonfailure', '--cpu', '2', '--memory', '1Gi'],
    ...['--volume-containerdisk', 'src:registry.example:5000/img:1.2,bootorder:1'],
    ...['--volume-hostdisk', 'src:/srv/data.qcow2,size:10Gi,name:data,bus:scsi'],
    ...['--volume-emptydisk', 'size:1Gi'],
    ...['--port-forward', '2222:22', '-p', '5353:53/udp', '--termination-grace-period', '20'],
    ...['--label', 'app=web', '--annotation', 'note=a=b'],
  ];
  const { code, stdout, stderr } = await runCli(['-n', 'prod', 'create', 'vm', ...args]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(`apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
  namespace: prod
  labels:
    app: web
  annotations:
    solovirt.io/host-ports: 2222:22, 5353:53/udp
    note: a=b
spec:
  runStrategy: RerunOnFailure
  template:
    spec:
      domain:
        cpu:
          cores: 2
        memory:
          guest: 1Gi
        devices:
          disks:
            - name: system
              disk:
                bus: virtio
              bootOrder: 1
            - name: data
              disk:
                bus: scsi
            - name: disk3
              disk:
                bus: virtio
          interfaces:
            - name: default
              masquerade: {}
          rng: {}
      networks:
        - name: default
          pod: {}
      volumes:
        - name: system
          containerDisk:
            image: registry.example:5000/img:1.2
        - name: data
          hostDisk:
            path: /srv/data.qcow2
            type: DiskOrCreate
            capacity: 10Gi
        - name: disk3
          emptyDisk:
            capacity: 1Gi
      terminationGracePeriodSeconds: 20
`);
  const validated = await runCli(['validate', '-'], { stdin: stdout });
  expect(validated).toEqual({
    code: 0,
    stdout: '1 file, 1 valid VM: no problems\n',
    stderr: '',
  });
});

test('what YAML 1.1 would take for a number is quoted', async () => {
  expect((await create('-p', '2222:22', '--label', 'on=yes')).stdout).toMatch(
    /"?on"?: "yes"\n[\s\S]*host-ports: "2222:22"\n/,
  );
});

test('a kernel is booted by annotations of the template; a terminal is told what to do next', async () => {
  const args = ['--kernel', 'demo/vmlinuz', '--initrd', 'demo/initrd', '--kernel-args', 'quiet'];
  const { stdout, stderr } = await runCli(['create', 'vm', '--no-network', ...args], {
    isTTY: true,
  });
  expect(stdout).toMatch(/^metadata:\n {2}name: vm-[b-z2-9]{5}\nspec:/m);
  expect(stdout).toContain(`        solovirt.io/kernel: demo/vmlinuz
        solovirt.io/initrd: demo/initrd
        solovirt.io/kernel-args: quiet
    spec:`);
  expect(stdout).toContain('autoattachPodInterface: false\n');
  expect(stderr).toMatch(/^Nothing was created yet: .*`solovirt apply -f -`\.\n$/);
});

test('whatever the flags, it is a valid manifest, or it is refused in terms of the flags', async () => {
  const volume = fc.record({
    bus: fc.constantFrom('virtio', 'sata', 'scsi', 'usb', 'ide'),
    name: fc.stringMatching(/^[a-z0-9A-Z-]{1,8}$/),
  });
  const flags = fc.record({
    name: fc.stringMatching(/^[a-z0-9-]{1,10}$/),
    strategy: fc.constantFrom(...RUN_STRATEGIES.map((s) => s.toUpperCase())),
    memory: fc.constantFrom('512Mi', '4Gi', '1e9', 'lots', '-1Gi'),
    port: fc.constantFrom('8080:80', '53:53/udp', '80', '0:1'),
    volumes: fc.array(volume, { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(flags, async ({ name, strategy, memory, port, volumes }) => {
      const disks = volumes.flatMap((v) => [
        '--volume-emptydisk',
        `size:1Mi,name:${v.name},bus:${v.bus}`,
      ]);
      // With "=", for a value may begin with a dash.
      const args = [`--name=${name}`, `--run-strategy=${strategy}`, `--memory=${memory}`];
      const { code, stdout, stderr } = await create(...args, `--port-forward=${port}`, ...disks);
      if (code !== 0) {
        expect([code, stdout]).toEqual([2, '']);
        expect(stderr).toMatch(/^error: --/);
        return;
      }
      const { documents, problems } = parseManifests(stdout);
      expect([...problems, ...(documents[0]?.problems ?? [])]).toEqual([]);
      expect(documents[0]?.vm).toMatchObject({ name, template: { spec: {} } });
      expect(documents[0]?.vm?.template.spec.disks).toHaveLength(volumes.length);
    }),
  );
});

describe('refused', () => {
  test.for([
    [['--run-strategy', 'never'], /Allowed choices are Always, RerunOnFailure/],
    [['--memory', '12'], /That many bytes are no memory: write 12Mi or 12Gi/],
    [['--volume-hostdisk', 'src:/a,foo:b'], /"foo:b" is not KEY:VALUE with one of the keys src, /],
    [['--volume-containerdisk', 'name:a'], /src:… is missing/],
    [['--volume-containerdisk', 'src:a,src:b'], /src is given twice/],
    [
      ['--volume-containerdisk', 'src:A B'],
      /^error: --volume-containerdisk: "A B" is not an image/,
    ],
    [['--volume-hostdisk', 'src:a.img'], /^error: --volume-hostdisk: "a.img" must be absolute/],
    [['--label', 'app'], /It is written KEY=VALUE/],
    [['--name', 'A_b'], /^error: --name: "A_b" is not a valid name/],
    [['-p', '80'], /^error: --port-forward: "80": expected/],
  ] as const)('%j', async ([args, message]) => {
    const { code, stdout, stderr } = await create(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});
