/**
 * RAM that QEMU takes beyond that of its guest, as KubeVirt reckons it (`GetMemoryOverhead` in
 * `pkg/hypervisor/kvm/hypervisorbackend.go`), so that a memory limit means the same here and on a cluster. Its fixed
 * part is for the helper processes of a pod, which do not exist here: it is the room for what KubeVirt leaves out, the
 * code that QEMU translates where there is no KVM, and user-mode networking.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';

const MIB = 1024 * 1024;
/** virt-launcher-monitor 25, virt-launcher 100, virtlogd 25, virtqemud 40, QEMU itself 50. */
const FIXED = 240 * MIB;
const PER_VCPU = 8 * MIB;
const TPM = 53 * MIB;
/** Flash and more of that board. */
const ARM64 = 128 * MIB;
/** What KubeVirt gives the container of one virtiofsd (`pkg/virt-controller/services/virtiofs.go`). */
const FILESYSTEM = 80 * 1000 * 1000;
const IO_THREAD = 8 * MIB;
const VIDEO = 32 * MIB;
/** Page tables take one bit for every 512 of RAM. */
const PAGE_TABLES = 512;

/** Bytes. */
export function memoryOverhead(
  spec: Pick<
    InstanceSpec,
    'cpu' | 'memoryBytes' | 'graphics' | 'tpm' | 'architecture' | 'filesystems'
  >,
): number {
  const { sockets, cores, threads } = spec.cpu;
  const vcpus = sockets * cores * threads;
  const pageTables = Math.ceil(spec.memoryBytes / PAGE_TABLES);
  const devices =
    (spec.graphics ? VIDEO : 0) +
    (spec.tpm === undefined ? 0 : TPM) +
    FILESYSTEM * (spec.filesystems?.length ?? 0);
  const board = spec.architecture === 'arm64' ? ARM64 : 0;
  return FIXED + board + pageTables + PER_VCPU * vcpus + IO_THREAD + devices;
}
