/** The unit of a VM and its helpers, from the start of QEMU to the record of its end, without any daemon. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handOver, intents, startedGuest } from './hand-over.ts';
import { copyImages } from './install.ts';
import { Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

describe.skipIf(reason !== undefined)(`solovirt-vm@.service${reason ? ` (${reason})` : ''}`, () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await Machine.booted((made) => copyImages(made.path('/'), 'agent'));
  });
  afterAll(() => machine[Symbol.asyncDispose]());

  const ended = (unit: string) =>
    machine.until(`${unit} has ended`, async () =>
      ['inactive', 'failed'].includes(await machine.property(unit, 'ActiveState')),
    );

  test('names the process before QEMU is executed, by pid, start time and boot', async () => {
    const vm = await startedGuest(machine, 'named');
    const pid = await machine.property(vm.unit, 'MainPID');
    const stat = await machine.get('cat', `/proc/${pid}/stat`);
    const boot = await machine.get('cat', '/proc/sys/kernel/random/boot_id');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    expect(machine.read(`${vm.evidence}/process`)).toBe(`${pid} ${startTime} ${boot}\n`);
    expect(stat).toContain('(qemu-system-x86)');
  });

  test('gives QEMU an environment that tells nothing of systemd', async () => {
    const vm = await startedGuest(machine, 'environment');
    const pid = await machine.property(vm.unit, 'MainPID');
    const text = await machine.get('sh', '-c', `tr '\\0' '\\n' </proc/${pid}/environ | sort`);
    expect(text).toBe(
      'LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
  });

  test('a stop asks the guest to power off, and says first that it came from outside', async () => {
    const vm = await startedGuest(machine, 'obeying');
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toBe('UP\r\nDOWN\r\n');
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
    expect(intents(machine, vm)).toMatchObject([
      { action: 'powerdown', initiator: 'outside', gracePeriodSeconds: 30 },
    ]);
  });

  test('a guest that ends by itself leaves an exit and no intent', async () => {
    const vm = await startedGuest(machine, 'alone', { guest: 'off-after' });
    await ended(vm.unit);
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
    expect(intents(machine, vm)).toEqual([]);
  });

  test('a guest that does not listen is told to quit when its grace period is over', async () => {
    const vm = await startedGuest(machine, 'deaf', { guest: 'ignore', graceSeconds: 1 });
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toContain('IGNORED');
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
    expect(machine.read(`${vm.evidence}/events.jsonl`)).toContain('host-qmp-quit');
    expect(intents(machine, vm)).toMatchObject([
      { action: 'powerdown', initiator: 'outside', gracePeriodSeconds: 1 },
      { action: 'quit', initiator: 'outside', gracePeriodSeconds: 1 },
    ]);
  });

  test('without a grace period QEMU is told to quit at once', async () => {
    const vm = await startedGuest(machine, 'graceless', { graceSeconds: 0 });
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toBe('UP\r\n');
    expect(intents(machine, vm)).toMatchObject([{ action: 'quit', gracePeriodSeconds: 0 }]);
  });

  test('a paused guest is woken to hear the power button', async () => {
    const vm = await startedGuest(machine, 'paused');
    const pid = await machine.property(vm.unit, 'MainPID');
    await qmp(vm.uid, 'stop');
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toBe('UP\r\nDOWN\r\n');
    expect(Number(pid)).toBeGreaterThan(1);
  });

  test('a guest that is deaf to its button is shut down by its agent', async () => {
    const vm = await startedGuest(machine, 'agent', { agentGuest: 'solovirt.ignore-acpi' });
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toContain('its agent shuts it down');
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
    expect(machine.read(`${vm.evidence}/events.jsonl`)).toContain('guest-shutdown');
    expect(intents(machine, vm)).toMatchObject([{ action: 'powerdown', initiator: 'outside' }]);
  });

  test('an agent that hangs does not keep the button from being pressed', async () => {
    const vm = await startedGuest(machine, 'mute', { agentGuest: 'solovirt.agent=mute' });
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toContain('solovirt-guest: down');
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
  });

  test('a grace period longer than the timeout of the unit is kept', async () => {
    const vm = await startedGuest(machine, 'long', { guest: 'slow' });
    machine.write(`/run/systemd/system/${vm.unit}.d/short.conf`, '[Service]\nTimeoutStopSec=1\n');
    await machine.get('systemctl', 'daemon-reload');
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toBe('UP\r\nDOWN\r\n');
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
  });

  test('a QEMU that does not react to anything is killed', async () => {
    const command = ['/usr/bin/perl', '-e', '$SIG{TERM} = "IGNORE"; sleep 1000'];
    const vm = await handOver(machine, 'hanging', { command, graceSeconds: 1 });
    machine.write(`/run/systemd/system/${vm.unit}.d/short.conf`, '[Service]\nTimeoutStopSec=1\n');
    await machine.get('systemctl', 'daemon-reload');
    await machine.get('systemctl', 'start', vm.unit);
    const pid = await machine.property(vm.unit, 'MainPID');
    await machine.until('it ignores SIGTERM', async () =>
      /^SigIgn:\s.*[4-7c-f]...$/m.test(await machine.get('cat', `/proc/${pid}/status`)),
    );
    await machine.run('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/exit`)).toBe('signaled 9\n');
    expect(intents(machine, vm).map(({ action }) => action)).toEqual([
      'powerdown',
      'quit',
      'terminate',
    ]);
  });

  test('daemon-reload and daemon-reexec do no harm to a guest nor to its stop', async () => {
    const vm = await startedGuest(machine, 'reloaded');
    const pid = await machine.property(vm.unit, 'MainPID');
    await machine.get('systemctl', 'daemon-reload');
    await machine.get('systemctl', 'daemon-reexec');
    expect(await machine.property(vm.unit, 'MainPID')).toBe(pid);
    await machine.get('systemctl', 'stop', vm.unit);
    expect(machine.read(`${vm.evidence}/console.log`)).toBe('UP\r\nDOWN\r\n');
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
  });

  test('another target for the host is no reason to stop a guest', async () => {
    const vm = await startedGuest(machine, 'isolated');
    const pid = await machine.property(vm.unit, 'MainPID');
    await machine.get('systemctl', 'isolate', 'multi-user.target');
    expect(await machine.property(vm.unit, 'MainPID')).toBe(pid);
    await machine.get('systemctl', 'stop', vm.unit);
  });

  test('a guest is asked to power off although the helper before that fails', async () => {
    const vm = await startedGuest(machine, 'disordered');
    const helper = machine.read('/usr/lib/solovirt/vm-order');
    machine.write('/usr/lib/solovirt/vm-order', '#!/bin/false\n');
    await machine.get('systemctl', 'stop', vm.unit);
    machine.write('/usr/lib/solovirt/vm-order', helper);
    expect(machine.read(`${vm.evidence}/console.log`)).toBe('UP\r\nDOWN\r\n');
  });

  test.for([
    ['SIGKILL', 'signaled 9\n'],
    ['SIGSEGV', 'signaled 11\n'],
    ['SIGABRT', 'signaled 6\n'],
    ['SIGSYS', 'signaled 31\n'],
    ['SIGTERM', 'exited 0\n'],
    ['SIGRTMIN+2', 'signaled 36\n'],
  ] as const)('the end by %s is kept', async ([signal, exit]) => {
    const vm = await startedGuest(machine, `by-${signal.toLowerCase().replace('+', '-')}`);
    await machine.get('systemctl', 'kill', '--kill-whom=main', `--signal=${signal}`, vm.unit);
    await ended(vm.unit);
    expect(machine.read(`${vm.evidence}/exit`)).toBe(exit);
    expect(intents(machine, vm)).toEqual([]);
  });

  test('an exit code is kept, and what QEMU said is in the journal of the unit', async () => {
    const command = ['/bin/sh', '-c', 'printf "one\\n\\033[31mtwo\\n" >&2; exit 3'];
    const vm = await handOver(machine, 'failing', { command });
    await machine.run('systemctl', 'start', vm.unit);
    await ended(vm.unit);
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 3\n');
    expect(machine.read(`${vm.evidence}/stderr.log`)).toBe('one\n\u001b[31mtwo\n');
    const journal = await machine.journal('-u', vm.unit, '-o', 'cat');
    expect(journal).toContain(`failing: instance ${vm.uid} starts`);
    expect(journal).toContain('failing: one\nfailing: \\x1b[31mtwo\nfailing: QEMU ended: exited 3');
  });

  test('a program that is missing is an exit code of 127 with its reason', async () => {
    const vm = await handOver(machine, 'missing', { command: ['/usr/bin/no-such-qemu'] });
    await machine.run('systemctl', 'start', vm.unit);
    await ended(vm.unit);
    expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 127\n');
    expect(machine.read(`${vm.evidence}/stderr.log`)).toBe(
      '/usr/bin/no-such-qemu could not be executed: No such file or directory\n',
    );
  });

  test('an instance runs once: a second start of its unit is refused and changes nothing', async () => {
    const vm = await startedGuest(machine, 'once');
    await machine.get('systemctl', 'kill', '--kill-whom=main', '--signal=SIGKILL', vm.unit);
    await ended(vm.unit);
    const before = ['process', 'exit'].map((name) => machine.read(`${vm.evidence}/${name}`));
    await machine.run('systemctl', 'start', vm.unit);
    await ended(vm.unit);
    expect(['process', 'exit'].map((name) => machine.read(`${vm.evidence}/${name}`))).toEqual(
      before,
    );
    expect(await machine.journal('-u', vm.unit, '-o', 'cat')).toContain(
      `instance ${vm.uid} has run already; a new one is started with: solovirt start`,
    );
  });

  test('a unit without anything handed over does not start, and says so', async () => {
    const { code } = await machine.run('systemctl', 'start', 'solovirt-vm@nobody.service');
    await ended('solovirt-vm@nobody.service');
    expect(
      code === 0 ? await machine.property('solovirt-vm@nobody.service', 'Result') : 'failed',
    ).not.toBe('success');
  });

  async function qmp(uid: string, command: string): Promise<void> {
    const script = `
      use IO::Socket::UNIX;
      my $s = IO::Socket::UNIX->new(Peer => "/run/solovirt/i/${uid}/qmp") or die $!;
      <$s>; print {$s} qq({"execute":"qmp_capabilities"}\\n); <$s>;
      print {$s} qq({"execute":"${command}"}\\n); while (<$s>) { last if /"return"/ }`;
    await machine.get('perl', '-e', script);
  }
});
