/** What the node object tells of this host; none of it changes while a daemon runs. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os';
import { binaryQuantity } from '../core/manifest/quantity.ts';
import type { NodeInfo } from './contract-cluster.ts';

export interface HostFacts {
  readonly name: string;
  readonly capacity: Readonly<Record<string, string>>;
  readonly nodeInfo: NodeInfo;
}

/** Kubernetes' names (Go's GOARCH). */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** @param version of solovirt */
export function readHostFacts(version: string): HostFacts {
  return {
    name: hostname(),
    capacity: { cpu: String(availableParallelism()), memory: binaryQuantity(totalmem()) },
    nodeInfo: {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      operatingSystem: 'linux',
      osImage: osImage(),
      kernelVersion: release(),
      bootID: textOf('/proc/sys/kernel/random/boot_id').trim(),
      kubeletVersion: `solovirt-${version}`,
      containerRuntimeVersion: `solovirt://${version}`,
    },
  };
}

/** os-release(5). */
function osImage(): string {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(textOf('/etc/os-release'))?.[1];
  return name ?? 'Linux';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
