/** The unit files as such: what systemd makes of them, what the daemon's user may do, and limits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAEMON, Fleet } from './fleet.ts';
import { startedGuest } from './hand-over.ts';
import { CHECKOUT, Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();
const UNITS = '/lib/systemd/system';
const KUBECTL_PAGE = readFileSync(join(CHECKOUT, 'docs/kubectl.md'), 'utf8');

describe.skipIf(reason !== undefined)(`the units${reason ? ` (${reason})` : ''}`, () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await Machine.booted();
  });
  afterAll(() => machine[Symbol.asyncDispose]());

  /** As the daemon's user, without a terminal to ask on. */
  const asDaemon = (...command: readonly string[]) =>
    machine.run('setpriv', '--reuid=solovirt', '--regid=solovirt', '--init-groups', ...command);

  test('are understood by systemd without a complaint', async () => {
    const files = [
      DAEMON,
      'solovirt.socket',
      'solovirt-ro.socket',
      'solovirt-network@.service',
      'solovirt-tap.socket',
      'solovirt-tap@.service',
      'solovirt-vm@.service',
      'solovirt-vms.slice',
    ];
    const { code, stdout, stderr } = await machine.run(
      'systemd-analyze',
      'verify',
      '--man=no',
      ...files.map((name) => `${UNITS}/${name}`),
    );
    expect(`${stdout}${stderr}`).toBe('');
    expect(code).toBe(0);
  });

  // In tenths, as docs/systemd.md has them; 0 is the best.
  test.for([
    [DAEMON, 19],
    ['solovirt-vm@.service', 14],
    ['solovirt-network@.service', 26],
    ['solovirt-tap@.service', 17],
  ] as const)('%s is exposed to no more than %i tenths', async ([unit, threshold]) => {
    const { code, stdout } = await machine.run(
      'systemd-analyze',
      'security',
      '--offline=true',
      `--threshold=${threshold}`,
      `${UNITS}/${unit}`,
    );
    expect(stdout).toContain('Overall exposure level');
    expect(code, stdout).toBe(0);
  });

  test('the daemon goes before the guests when processors are short', async () => {
    const { unit } = await startedGuest(machine, 'behind');
    expect(await machine.property(DAEMON, 'CPUWeight')).toBe('1000');
    expect(await machine.property(unit, 'CPUWeight')).toBe('100');
    expect(await machine.property(unit, 'Slice')).toBe('solovirt-vms.slice');
  });

  test('the user of the daemon may manage the units of VMs', async () => {
    const { unit } = await startedGuest(machine, 'allowed');
    for (const command of [
      ['set-property', '--runtime', unit, 'MemoryMax=1G'],
      ['kill', '--signal=SIGCONT', unit],
      ['stop', unit],
      ['reset-failed', unit],
    ]) {
      const { code, stderr } = await asDaemon('systemctl', '--no-ask-password', ...command);
      // A unit that has ended is not loaded any more.
      if (!stderr.includes('not loaded')) expect(code, `${command.join(' ')}: ${stderr}`).toBe(0);
    }
    expect(await machine.property(unit, 'ActiveState')).toBe('inactive');
  });

  test.for([
    ['a unit of somebody else', ['systemctl', 'stop', 'systemd-logind.service']],
    ['itself', ['systemctl', 'restart', DAEMON]],
    ['its own properties', ['systemctl', 'set-property', '--runtime', DAEMON, 'CPUWeight=1']],
    ['all VMs in one', ['systemctl', 'stop', 'solovirt-vms.slice']],
    ['a name that no VM has', ['systemctl', 'start', 'solovirt-vm@UP.service']],
    ['a name that is too long', ['systemctl', 'start', `solovirt-vm@${'x'.repeat(29)}.service`]],
    ['a name with more behind it', ['systemctl', 'start', 'solovirt-vm@a.service.d.service']],
    ['a unit made up', ['systemd-run', '--unit=solovirt-vm@evil.service', 'id']],
    ['a name that no bridge has', ['systemctl', 'start', 'solovirt-network@..service']],
    ['a network made up', ['systemd-run', '--unit=solovirt-network@evil.service', 'id']],
    ['the unit files', ['systemctl', 'enable', '--runtime', 'solovirt-vm@a.service']],
    ['the manager', ['systemctl', 'daemon-reload']],
    ['the host', ['systemctl', 'poweroff']],
  ] as const)('the user of the daemon may not manage %s', async ([, command]) => {
    const [program, ...args] = command;
    const { code, stderr } = await asDaemon(program, '--no-ask-password', ...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /Interactive authentication required|Access denied|Permission denied|has a fragment file/,
    );
  });

  test('other users may not manage VMs', async () => {
    const { unit } = await startedGuest(machine, 'foreign');
    const command = ['systemctl', '--no-ask-password', 'stop', unit];
    const { code } = await machine.run('setpriv', '--reuid=nobody', '--clear-groups', ...command);
    expect(code).not.toBe(0);
    expect(await machine.property(unit, 'ActiveState')).toBe('active');
  });

  test('the read-only socket is handed over beside the other one, and guests are measured', async () => {
    const path = '/run/solovirt/solovirt-ro.sock';
    await using fleet = await Fleet.booted({ web: {} });
    expect(await fleet.machine.get('stat', '--format=%a %U:%G', path)).toBe('660 root:solovirt-ro');
    await fleet.allRunning('web');
    expect(await fleet.cli('list', '--socket', path)).toContain('web');
    const { body } = await fleet.api('GET', '/metrics');
    for (const metric of ['memory_resident_bytes', 'storage_iops_read_total'])
      expect(body).toMatch(new RegExp(`^kubevirt_vmi_${metric}\\{.*name="web".*\\} \\d`, 'm'));
    await expect(fleet.cli('stop', 'web', '--socket', path)).rejects.toThrow(
      'the read-only socket takes no PUT; use /run/solovirt/solovirt.sock',
    );
  });

  test('the unit of docs/kubectl.md serves the metrics to whoever reaches its port', async () => {
    const [, unit = ''] =
      /```ini\n# \S+solovirt-metrics\.service\n(.+?)```/s.exec(KUBECTL_PAGE) ?? [];
    await using fleet = await Fleet.booted({ web: {} }, (off) =>
      off.write('/etc/systemd/system/solovirt-metrics.service', unit),
    );
    await fleet.allRunning('web');
    await fleet.machine.get('systemctl', 'start', 'solovirt-metrics.service');
    const script = "fetch('http://127.0.0.1:9177/metrics').then((r) => r.text()).then(console.log)";
    const metrics = await fleet.machine.until('it listens', async () => {
      const { code, stdout } = await fleet.machine.run('/usr/lib/solovirt/node', '-e', script);
      return code === 0 && stdout;
    });
    expect(metrics).toMatch(/^solovirt_vms\{status="Running"\} 1$/m);
  });

  test('limits are properties of the unit while a VM has them, and are gone when it has none', async () => {
    const limited = {
      annotations: { 'solovirt.io/cpu-weight': '50', 'solovirt.io/io-weight': '200' },
      domain: '        resources: {limits: {memory: 16Mi, cpu: 500m}}\n',
    };
    await using fleet = await Fleet.booted({ web: limited });
    const limits = async (): Promise<readonly string[]> =>
      (
        await fleet.machine.get(
          'systemctl',
          'show',
          ...['MemoryMax', 'CPUQuotaPerSecUSec', 'CPUWeight', 'IOWeight'].map((p) => `-p${p}`),
          fleet.unit('web'),
        )
      )
        .split('\n')
        .sort();
    await fleet.allRunning('web');
    expect(await limits()).toEqual([
      'CPUQuotaPerSecUSec=500ms',
      'CPUWeight=50',
      'IOWeight=200',
      expect.stringMatching(/^MemoryMax=\d{8,10}$/),
    ]);
    fleet.declare('web', {});
    await fleet.machine.until('the new file is seen', async () =>
      JSON.stringify(await fleet.vm('web')).includes('RestartRequired'),
    );
    await fleet.cli('restart', '--wait', 'web');
    await fleet.allRunning('web');
    expect(await limits()).toEqual([
      'CPUQuotaPerSecUSec=infinity',
      'CPUWeight=[not set]',
      'IOWeight=[not set]',
      'MemoryMax=infinity',
    ]);
  });
});
