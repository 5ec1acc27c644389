/**
 * The VMs of a chaos run and the exact text of their files. The text is a function of the strategy and a revision,
 * so every byte that the daemon must not change is known.
 */

export const STRATEGIES = ['Always', 'RerunOnFailure', 'Manual', 'Halted', 'Once'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/**
 * What the guest does by itself: `witness` does what the keyboard asks for, `linux` is the demo guest, the others
 * are as in images/README.md.
 */
export type Guest = 'witness' | 'slow' | 'ignore' | 'off-after' | 'panic' | 'watchdog' | 'linux';

/** How the run strategy is written in the file. */
type Form = 'plain' | 'single' | 'double' | 'crlf' | 'running' | 'flow';

export interface Member {
  readonly name: string;
  readonly guest: Guest;
  readonly form: Form;
  readonly reboot: 'Reboot' | 'Terminate';
  /** Grace period in seconds: long for a guest that obeys, however busy the machine is. */
  readonly grace: number;
  /** The disk is a file of the host that outlives the instance; else an overlay. */
  readonly hostDisk: boolean;
  readonly strategy: Strategy;
}

const OBEYS = { reboot: 'Reboot', grace: 15, hostDisk: false } as const;
const LINUX = { ...OBEYS, guest: 'linux', grace: 60 } as const;
const DEAF = { reboot: 'Reboot', grace: 2, hostDisk: false } as const;

const witness = (
  number: number,
  form: Form,
  strategy: Strategy,
  more: Partial<Member> = {},
): Member => ({ ...OBEYS, name: `witness-${number}`, guest: 'witness', form, strategy, ...more });

export const FLEET: readonly Member[] = [
  witness(0, 'plain', 'Always'),
  witness(1, 'single', 'RerunOnFailure', { hostDisk: true }),
  witness(2, 'double', 'Manual'),
  witness(3, 'crlf', 'Halted', { hostDisk: true }),
  witness(4, 'flow', 'Once', { hostDisk: true }),
  witness(5, 'plain', 'Always', { reboot: 'Terminate', hostDisk: true }),
  witness(6, 'crlf', 'RerunOnFailure', { reboot: 'Terminate' }),
  witness(7, 'running', 'Always', { hostDisk: true }),
  witness(8, 'single', 'Always', { hostDisk: true }),
  witness(9, 'double', 'Once', { reboot: 'Terminate', hostDisk: true }),
  { ...OBEYS, name: 'slow-0', guest: 'slow', form: 'plain', strategy: 'Always' },
  { ...OBEYS, name: 'slow-1', guest: 'slow', form: 'double', strategy: 'RerunOnFailure' },
  { ...DEAF, name: 'ignore-0', guest: 'ignore', form: 'plain', strategy: 'Always' },
  { ...DEAF, name: 'ignore-1', guest: 'ignore', form: 'flow', strategy: 'Manual' },
  { ...OBEYS, name: 'off-after-0', guest: 'off-after', form: 'plain', strategy: 'Always' },
  { ...OBEYS, name: 'panic-0', guest: 'panic', form: 'single', strategy: 'RerunOnFailure' },
  { ...OBEYS, name: 'watchdog-0', guest: 'watchdog', form: 'plain', strategy: 'RerunOnFailure' },
  { ...LINUX, name: 'linux-0', form: 'plain', strategy: 'Always' },
  { ...LINUX, name: 'linux-1', form: 'crlf', strategy: 'RerunOnFailure' },
];

/** The strategies that the member's form can say. */
export function sayable({ form }: Member): readonly Strategy[] {
  return form === 'running' ? ['Always', 'Halted'] : STRATEGIES;
}

export interface Text {
  readonly strategy: Strategy;
  /** Told in the template, so that a new revision is a changed template. */
  readonly revision: number;
}

/** @param disk where the host disk is, for a member that has one */
export function manifest(member: Member, { strategy, revision }: Text, disk: string): string {
  const lines = [
    `# ${member.name}: "quotes", commas, and a comment that stays`,
    'apiVersion: kubevirt.io/v1',
    'kind: VirtualMachine',
    `metadata: {name: ${member.name}}`,
    ...specLines(member, strategy),
    '  template:',
    '    metadata:',
    `      labels: {revision: "${revision}"}`,
    ...(member.guest === 'linux' ? KERNEL : []),
    '    spec:',
    `      terminationGracePeriodSeconds: ${member.grace}`,
    '      domain:',
    `        memory: {guest: ${member.guest === 'linux' ? '160Mi' : '16Mi'}}`,
    `        rebootPolicy: ${member.reboot}`,
    '        devices:',
    '          autoattachGraphicsDevice: false',
    '          autoattachMemBalloon: false',
    '          autoattachPodInterface: false',
    ...(member.guest === 'linux' ? [] : TINY_DEVICES),
    ...(member.guest === 'watchdog' ? WATCHDOG : []),
    ...(member.guest === 'linux' ? [] : volumes(member, disk)),
    '# the end',
  ];
  return lines.map((line) => line + (member.form === 'crlf' ? '\r\n' : '\n')).join('');
}

function specLines({ form }: Member, strategy: Strategy): readonly string[] {
  switch (form) {
    case 'plain':
    case 'crlf':
      return ['spec:', `  runStrategy:   ${strategy}  # so does this one`];
    case 'single':
      return ['spec:', `  runStrategy: '${strategy}'`];
    case 'double':
      return ['spec:', `  "runStrategy": "${strategy}" # "Halted"`];
    case 'running':
      return ['spec:', `  running: ${strategy === 'Always'}`];
    case 'flow':
      return ['spec:', '  runStrategy:', `    ${strategy}`];
  }
}

const KERNEL: readonly string[] = [
  '      annotations:',
  '        solovirt.io/kernel: demo/latest/vmlinuz',
  '        solovirt.io/initrd: demo/latest/initrd.img',
  // An emulated timer on a busy host can fail the kernel's own check at boot, which panics.
  '        solovirt.io/kernel-args: console=ttyS0 quiet no_timer_check unknown_nmi_panic',
];

const TINY_DEVICES: readonly string[] = [
  '          panicDevices: [{model: isa}]',
  '          disks: [{name: root, disk: {bus: virtio}}]',
];

const WATCHDOG: readonly string[] = [
  '          watchdog: {name: dog, i6300esb: {action: poweroff}}',
];

function volumes({ guest, hostDisk }: Member, disk: string): readonly string[] {
  const source = hostDisk
    ? `hostDisk: {path: ${disk}, type: Disk}`
    : `containerDisk: {image: 'tiny:${guest}'}`;
  return ['      volumes:', `        - {name: root, ${source}}`];
}
