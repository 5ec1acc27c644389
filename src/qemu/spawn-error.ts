/** Why a QEMU was not started. */

export class SpawnError extends Error {
  override readonly name = 'SpawnError';
}

/** The file system is full: nothing can be launched before there is room. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
}
