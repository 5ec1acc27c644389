/** The file that leads kubectl, virtctl and libraries to the proxy. */
import { readFileSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import { CliError } from '../cli/errors.ts';
import { errorCode, errorMessage } from '../core/thrown.ts';

export interface KubeconfigFacts {
  readonly server: string;
  /** PEM; undefined with plain HTTP. */
  readonly cert: string | undefined;
  readonly token: string | undefined;
  readonly namespace: string;
}

const MARK = '# Written by `solovirt proxy`, and again at each of its starts.';

/** In YAML; every value is one that needs no quotes, or a JSON string, which is YAML too. */
export function kubeconfigText({ server, cert, token, namespace }: KubeconfigFacts): string {
  const authority =
    cert === undefined
      ? ''
      : `      certificate-authority-data: ${Buffer.from(cert).toString('base64')}\n`;
  const credentials = token === undefined ? '{}' : `{token: ${JSON.stringify(token)}}`;
  return `${MARK}
apiVersion: v1
kind: Config
current-context: solovirt
clusters:
  - name: solovirt
    cluster:
      server: ${JSON.stringify(server)}
${authority}contexts:
  - name: solovirt
    context:
      cluster: solovirt
      user: solovirt
      namespace: ${JSON.stringify(namespace)}
users:
  - name: solovirt
    user: ${credentials}
`;
}

/**
 * Writes it for its user alone: there is a token in it.
 * @throws CliError when there is a file that is not ours, or none can be written
 */
export async function writeKubeconfig(path: string, text: string): Promise<void> {
  const found = readIfThere(path);
  if (found !== undefined && found !== '' && !found.startsWith(MARK))
    throw new CliError(`${path} is there already, and \`solovirt proxy\` did not write it`, {
      hint: 'Name another file with --kubeconfig; KUBECONFIG can hold several, parted by colons.',
    });
  try {
    await writeFileAtomic(path, text, { mode: 0o600 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): CliError {
  const words = errorMessage(error);
  return new CliError(`the kubeconfig ${path} cannot be written: ${words}`, {
    hint: 'Name another file with --kubeconfig.',
    cause: error,
  });
}
