/** What the process of one VM can see and reach of its neighbours and of the host, in the sandbox of its unit alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HandOver, handOver, startedGuest } from './hand-over.ts';
import { Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

describe.skipIf(reason !== undefined)(`a VM's process${reason ? ` (${reason})` : ''}`, () => {
  let machine: Machine;
  let neighbour: HandOver;
  let neighbourPid: string;
  beforeAll(async () => {
    machine = await Machine.booted((off) => {
      off.write('/var/lib/solovirt/state.db', 'secret', 0o644);
      off.write('/root/note', 'secret', 0o644);
    });
    await machine.get('systemctl', 'start', 'solovirt.socket');
    neighbour = await startedGuest(machine, 'neighbour');
    neighbourPid = await machine.property(neighbour.unit, 'MainPID');
  });
  afterAll(() => machine[Symbol.asyncDispose]());

  /** What a shell in the place of QEMU prints, errors included. */
  async function inside(inst: string, script: string): Promise<string> {
    const vm = await handOver(machine, inst, {
      command: ['/bin/sh', '-c', `exec >/run/solovirt/self/evidence/out 2>&1\n${script}`],
    });
    await machine.get('systemctl', 'start', vm.unit);
    await machine.until(`${inst} has ended`, () => machine.exists(`${vm.evidence}/exit`));
    return machine.read(`${vm.evidence}/out`).trim();
  }

  test('has a user of its own, and the groups of QEMU and KVM', async () => {
    const own = await inside('user', 'id -u; id -gn; id -Gn');
    const [uid, group, groups] = own.split('\n');
    const other = await machine.get('stat', '-c', '%u', `/proc/${neighbourPid}`);
    expect(Number(uid)).toBeGreaterThan(60_000);
    expect(uid).not.toBe(other);
    expect(group).toBe('solovirt-qemu');
    expect(groups?.split(' ')).toContain('solovirt-qemu');
  });

  test.for([
    ['the directories of other instances', (): string => 'ls /var/lib/solovirt/instances'],
    ['the sockets of other instances', (): string => 'ls /run/solovirt/i'],
    ['what is handed over to others', (): string => 'ls /run/solovirt/vm'],
    ['the evidence of a neighbour', (): string => `cat ${neighbour.evidence}/console.log`],
    ['the monitor of a neighbour', (): string => `ls /run/solovirt/i/${neighbour.uid}/qmp`],
    ['the processes of a neighbour', (): string => `ls /proc/${neighbourPid}`],
    ['the files of a neighbour', (): string => `ls /proc/${neighbourPid}/root`],
    ['the state database', (): string => 'cat /var/lib/solovirt/state.db'],
    ['the files of the VMs', (): string => 'ls -d /etc/solovirt/vms'],
    ['the API', (): string => 'ls /run/solovirt/solovirt.sock'],
    ['the homes of users', (): string => 'ls -A /root'],
  ] as const)('does not see %s', async ([what, command]) => {
    expect(await machine.get('sh', '-c', command())).not.toBe('');
    const inst = `sees-${what.replaceAll(/[^a-z]/g, '').slice(-20)}`;
    expect(await inside(inst, `${command()} 2>/dev/null`)).toBe('');
  });

  test('cannot signal a neighbour', async () => {
    expect(await inside('signals', `kill -9 ${neighbourPid} && echo sent`)).toMatch(
      /Operation not permitted|No such process/,
    );
  });

  test('writes nowhere but in its own directories and among the images', async () => {
    const out = await inside(
      'writes',
      `for dir in / /etc /usr /var /var/lib /var/lib/solovirt /run /run/solovirt /run/solovirt/self/vm /sys; do
         touch $dir/x 2>/dev/null && echo $dir
       done
       for dir in /run/solovirt/self/evidence /run/solovirt/self/sockets; do touch $dir/x && echo ok; done`,
    );
    expect(out).toBe('ok\nok');
  });

  test('has no capability, gets none, and makes no namespaces', async () => {
    const out = await inside(
      'privileges',
      `grep -E '^(CapBnd|CapEff|NoNewPrivs)' /proc/self/status; unshare -U true && echo made`,
    );
    expect(out).toMatch(/^CapEff:\t0{16}\nCapBnd:\t0{16}\nNoNewPrivs:\t1\n/);
    expect(out).not.toContain('made');
  });
});
