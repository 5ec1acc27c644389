/** What the daemon hands to the unit of a VM, made by hand: the units and helpers alone, without a daemon. */
import { randomUUID } from 'node:crypto';
import { DEMO_KERNEL_ARGS, type TinyVariant } from '../support/guests.ts';
import type { Machine } from './machine.ts';

/** The instance's own directories as its unit sees them. */
const SELF = '/run/solovirt/self';
const IMAGES = '/var/lib/solovirt/images';

export interface HandOver {
  readonly uid: string;
  /** The unit's name. */
  readonly unit: string;
  /** The instance's evidence directory on the host. */
  readonly evidence: string;
  /** The directory of what is handed over. */
  readonly dir: string;
}

export interface HandOverOptions {
  readonly guest?: TinyVariant;
  /** In its place: the Linux with QEMU's agent, with these words on its kernel's command line. */
  readonly agentGuest?: string;
  readonly graceSeconds?: number;
  /** Instead of QEMU with the guest. */
  readonly command?: readonly string[];
  /** VMs that are to end before this one. */
  readonly dependents?: readonly string[];
}

/** Everything for one launch; the unit is not started. */
export async function handOver(
  machine: Machine,
  inst: string,
  options: HandOverOptions = {},
): Promise<HandOver> {
  const { guest = 'obey', graceSeconds = 30, dependents = [] } = options;
  const uid = randomUUID();
  const evidence = `/var/lib/solovirt/instances/${uid}`;
  const sockets = `/run/solovirt/i/${uid}`;
  const dir = `/run/solovirt/vm/${inst}`;
  const command = options.command ?? [
    ...qemuCommand(uid, inst),
    ...(options.agentGuest === undefined ? [] : agentGuest(options.agentGuest)),
  ];
  machine.write('/run/launch', command.map((word) => `${word}\0`).join(''));
  await machine.get(
    'sh',
    '-ec',
    `
    install -d -o solovirt -g solovirt /run/solovirt/i
    install -d -o solovirt -g solovirt-qemu -m 2770 ${evidence} ${sockets}
    install -g solovirt-qemu -m 660 ${IMAGES}/tiny/${guest}.img ${evidence}/disk.img
    ${options.agentGuest === undefined ? '' : `install -g solovirt-qemu -m 640 ${IMAGES}/agent/latest/* ${evidence}`}
    rm -rf ${dir}
    install -d -o solovirt -g solovirt ${dir} ${dir}/dependents
    ln -s ${evidence} ${dir}/evidence
    ln -s ${sockets} ${dir}/sockets
    echo ${graceSeconds} >${dir}/grace
    install -o solovirt -g solovirt-qemu -m 640 /run/launch ${dir}/launch
    ${dependents.map((name) => `touch ${dir}/dependents/${name}`).join('\n')}`,
  );
  return { uid, unit: `solovirt-vm@${inst}.service`, evidence, dir };
}

/** Hands over, starts the unit and waits until the guest is up. */
export async function startedGuest(
  machine: Machine,
  inst: string,
  options: HandOverOptions = {},
): Promise<HandOver> {
  const given = await handOver(machine, inst, options);
  await machine.get('systemctl', 'start', given.unit);
  await machine.until(
    `${inst} is up`,
    () =>
      machine.exists(`${given.evidence}/console.log`) &&
      /UP|: up boot_id/.test(machine.read(`${given.evidence}/console.log`)),
  );
  return given;
}

export interface IntentLine {
  readonly action: string;
  readonly initiator: string;
  readonly gracePeriodSeconds: number;
  readonly at: number;
}

/** What was written down before it was done, oldest first. */
export function intents(machine: Machine, { evidence }: HandOver): readonly IntentLine[] {
  if (!machine.exists(`${evidence}/intent`)) return [];
  return machine
    .read(`${evidence}/intent`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as IntentLine);
}

function qemuCommand(uid: string, inst: string): readonly string[] {
  const confinement = ['--write-dir', `${SELF}/evidence`, '--write-dir', `${SELF}/sockets`, '--'];
  return [
    ...['/usr/lib/solovirt/confine', ...confinement],
    ...['/usr/bin/qemu-system-x86_64', '-no-user-config', '-nodefaults', '-uuid', uid],
    ...['-name', inst, '-machine', 'q35', '-accel', 'tcg', '-m', '16', '-display', 'none'],
    ...['-monitor', 'none', '-msg', 'timestamp=on'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-chardev', `null,id=journal,logfile=${SELF}/evidence/events.jsonl,logappend=on`],
    ...['-mon', 'chardev=journal,mode=control'],
    ...['-chardev', `socket,id=qmp,path=${SELF}/sockets/qmp,server=on,wait=off`],
    ...['-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=ctl,path=${SELF}/sockets/ctl,server=on,wait=off`],
    ...['-mon', 'chardev=ctl,mode=control'],
    ...['-chardev', `file,id=console,path=${SELF}/evidence/console.log,append=on`],
    ...['-serial', 'chardev:console'],
    ...['-drive', `file=${SELF}/evidence/disk.img,format=raw,if=virtio`],
  ];
}

/** What makes it that guest, with the channel that its agent opens. */
function agentGuest(words: string): readonly string[] {
  return [
    ...['-kernel', `${SELF}/evidence/vmlinuz`, '-initrd', `${SELF}/evidence/initrd.img`],
    ...['-append', `${DEMO_KERNEL_ARGS} ${words}`, '-m', '128'],
    ...['-chardev', `socket,id=agent,path=${SELF}/sockets/qga,server=on,wait=off`],
    ...['-device', 'virtio-serial-pci', '-device'],
    'virtserialport,nr=1,chardev=agent,name=org.qemu.guest_agent.0',
  ];
}
