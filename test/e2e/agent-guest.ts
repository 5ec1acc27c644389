/** A VM of the guest with QEMU's agent in it, and what can be done to it from outside (images/README.md). */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { VmObject } from '../../src/api/contract.ts';
import { AGENT_IMAGE, AGENT_INITRD, AGENT_KERNEL, DEMO_KERNEL_ARGS } from '../support/guests.ts';
import type { World } from './daemon-harness.ts';
import { condition } from './waiting.ts';

export const NIC_MAC = '02:00:00:00:00:01';

/**
 * @param port of the host that leads to the guest's web server
 * @param spec further lines under `spec.template.spec`, indented by six
 */
export function agentVm(
  name: string,
  port: number,
  hooks = '',
  strategy = 'Always',
  spec = '',
): string {
  return `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
  annotations:
    solovirt.io/kernel: ${AGENT_KERNEL}
    solovirt.io/initrd: ${AGENT_INITRD}
    solovirt.io/kernel-args: ${DEMO_KERNEL_ARGS} ${hooks}
    solovirt.io/host-ports: '${port}:80'
spec:
  runStrategy: ${strategy}
  template:
    spec:
      terminationGracePeriodSeconds: 20
${spec}      domain:
        memory: {guest: 128Mi}
        devices:
          autoattachGraphicsDevice: false
          autoattachMemBalloon: false
          disks:
            - name: data
              serial: data-1
              disk: {bus: virtio}
          interfaces:
            - name: default
              masquerade: {}
              macAddress: ${NIC_MAC}
      networks:
        - name: default
          pod: {}
      volumes:
        - name: data
          containerDisk: {image: '${AGENT_IMAGE}'}
`;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Does WORD to the guest's agent, or to what it tells. */
export async function control(port: number, word: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/cgi-bin/agent?${word}`, {
    signal: AbortSignal.timeout(20_000),
  });
  return (await answer.text()).trim();
}

/** Whether the guest has written to its disk what it was told to. */
export async function hasWritten(port: number): Promise<boolean> {
  return (await control(port, 'written')) === 'yes';
}

export function agentIs(status: 'True' | 'False' | 'absent') {
  return (vm: VmObject | undefined): boolean =>
    (condition(vm, 'AgentConnected')?.status ?? 'absent') === status;
}

/** Resolves when the guest has told the address that it got by DHCP. */
export async function untilKnown(world: World, name: string): Promise<VmObject> {
  const vm = await world.until(
    name,
    'tells its address',
    (v) => v?.status.instance?.guest?.addresses.includes('10.0.2.2') === true,
  );
  if (vm === undefined) throw new Error('unreachable');
  return vm;
}
