/**
 * Gets ready what belongs to a machine's board: the SMBIOS table, the two flash chips of UEFI, the TPM. The variables begin
 * as a copy of the firmware's template, once for each instance, or once for the VM when they are to persist.
 */
import { chmodSync, constants, writeFileSync } from 'node:fs';
import { copyFile, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FlashFirmware, firmwareWish } from '../core/firmware/descriptor.ts';
import type { TpmSpec } from '../core/model/machine.ts';
import type { InstanceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import { type InstancePaths, persistentNvram, persistentTpm } from '../core/paths.ts';
import type { PreparedFirmware } from '../core/qemu-args/input.ts';
import { systemTable } from '../core/qemu-args/smbios.ts';
import { VSOCK_DEVICE } from '../core/qemu-args/vsock.ts';
import { errorCode } from '../core/thrown.ts';
import { findFirmware } from './find-firmware.ts';
import { findSwtpm } from './find-swtpm.ts';
import { UNFINISHED } from './overlay.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

export interface MachineInput {
  readonly vm: VmIdentity;
  readonly spec: InstanceSpec;
  readonly paths: Pick<InstancePaths, 'systemTable' | 'nvram' | 'tpmState'>;
  /** Makes a directory that a companion writes into. */
  readonly makeStateDir: (dir: string) => void;
  /** Of what outlasts the instance; there is one where the spec wants something to. */
  readonly machineDir?: string;
  /** Where firmware descriptors are, if not in the system's places. */
  readonly descriptorDirs?: readonly string[];
}

export interface PreparedMachine {
  readonly systemTable: string;
  readonly firmware?: PreparedFirmware;
  readonly tpm?: PreparedTpm;
}

export interface PreparedTpm {
  /** swtpm. */
  readonly program: string;
  readonly stateDir: string;
}

/** @throws PrepareError */
export async function prepareMachine(input: MachineInput): Promise<PreparedMachine> {
  const { vm, spec, paths } = input;
  const { bootloader } = spec;
  const firmware =
    bootloader?.kind === 'efi' ? await prepareFirmware(input, bootloader) : undefined;
  const tpm = spec.tpm && (await prepareTpm(input, spec.tpm));
  if (spec.vsock === true) await checkVsock();
  writeTable(paths.systemTable, systemTable(vm, spec));
  return { systemTable: paths.systemTable, ...(firmware && { firmware }), ...(tpm && { tpm }) };
}

/** Whether this process may open it says nothing of QEMU. @throws PrepareError */
export async function checkVsock(device = VSOCK_DEVICE): Promise<void> {
  try {
    await stat(device);
  } catch (cause) {
    throw new PrepareError(
      `the VM has sockets between host and guest (autoattachVSOCK), and this host has no ${device}: load the kernel module, \`modprobe vhost_vsock\``,
      { cause },
    );
  }
}

async function prepareTpm(
  { paths, machineDir, makeStateDir }: MachineInput,
  { persistent }: TpmSpec,
): Promise<PreparedTpm> {
  const program = await findSwtpm();
  const stateDir =
    persistent && machineDir !== undefined ? persistentTpm(machineDir) : paths.tpmState;
  makeStateDir(stateDir);
  return { program, stateDir };
}

/** For QEMU's user to read; nobody else gets into the directory. */
function writeTable(path: string, table: Uint8Array): void {
  try {
    writeFileSync(path, table);
    chmodSync(path, 0o644);
  } catch (cause) {
    throw new PrepareError(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}

type Efi = Extract<NonNullable<InstanceSpec['bootloader']>, { kind: 'efi' }>;

async function prepareFirmware(input: MachineInput, efi: Efi): Promise<PreparedFirmware> {
  const { spec, paths, machineDir, descriptorDirs } = input;
  const found = await findFirmware(firmwareWish(efi, spec), descriptorDirs);
  const file =
    efi.persistent && machineDir !== undefined
      ? persistentNvram(machineDir, efi.secureBoot)
      : paths.nvram;
  await ensureVariables(file, found);
  return {
    code: found.code,
    vars: { file, format: found.varsTemplate.format },
    requiresSmm: found.features.includes('requires-smm'),
  };
}

/** A copy of the template where there is no file yet, in one piece. */
async function ensureVariables(file: string, firmware: FlashFirmware): Promise<void> {
  const template = firmware.varsTemplate.file;
  try {
    if (await isThere(file)) return await refuseOtherSize(file, firmware);
    const copy = `${file}${UNFINISHED}`;
    await rm(copy, { force: true });
    await copyFile(template, copy, constants.COPYFILE_EXCL);
    await settle(copy);
    await rename(copy, file);
    await syncDirectory(dirname(file));
  } catch (cause) {
    if (cause instanceof PrepareError) throw cause;
    throw new PrepareError(`cannot copy ${template} to ${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** On the disk, and to be written by QEMU's user. */
async function settle(copy: string): Promise<void> {
  await using file = await open(copy, 'r+');
  await file.chmod(0o660);
  await file.sync();
}

async function syncDirectory(dir: string): Promise<void> {
  await using handle = await open(dir, 'r');
  await handle.sync();
}

async function isThere(file: string): Promise<boolean> {
  try {
    const found = await lstat(file);
    if (!found.isFile()) throw new PrepareError(`${file} is no regular file; remove it`);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Another build of the firmware lays its flash out in another way, and would make nothing of it. */
async function refuseOtherSize(file: string, { varsTemplate }: FlashFirmware): Promise<void> {
  if (varsTemplate.format !== 'raw') return;
  const [present, template] = await Promise.all([lstat(file), stat(varsTemplate.file)]);
  if (present.size === template.size) return;
  throw new PrepareError(
    `${file} has ${present.size} bytes, and the firmware on this host wants ${template.size}; remove the file to begin with empty variables`,
  );
}
