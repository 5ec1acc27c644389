/**
 * What QEMU's user-mode network says of its connections: the table of its monitor command `info usernet`
 * (libslirp `slirp_connection_info`). Pure.
 */

export interface UsernetEntry {
  readonly protocol: string;
  /** `HOST_FORWARD` for a port that is listened on, otherwise TCP's state. */
  readonly state: string;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

const ROW = /^\s*(\w+)\[(\w+)\]\s+-?\d+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s/;

export function parseUsernet(text: string): readonly UsernetEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, protocol, state, sourceAddress, sourcePort, destinationAddress, destinationPort] =
      ROW.exec(line) ?? [];
    if (protocol === undefined || state === undefined) return [];
    return [
      {
        protocol,
        state,
        sourceAddress: sourceAddress ?? '',
        sourcePort: Number(sourcePort),
        destinationAddress: destinationAddress ?? '',
        destinationPort: Number(destinationPort),
      },
    ];
  });
}
