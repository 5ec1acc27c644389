/** How a guest is asked again and again whether it is ready, or alive (KubeVirt `Probe`). */
export interface ProbeSpec {
  readonly check: ProbeCheck;
  /** From 0, counted from the start of the guest. */
  readonly initialDelaySeconds: number;
  /** From 1, like those that follow. */
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  /** Results in a row that count. */
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export type ProbeCheck =
  /** A program in the guest, run by its agent, that exits with 0. */
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  /** An answer with a status from 200 to 399. */
  | {
      readonly kind: 'httpGet';
      readonly port: number;
      /** Begins with `/`. */
      readonly path: string;
      readonly https: boolean;
      readonly headers: readonly (readonly [name: string, value: string])[];
    }
  /** A connection that is accepted. */
  | { readonly kind: 'tcpSocket'; readonly port: number }
  | { readonly kind: 'guestAgentPing' };
