/** The Kubernetes client library for JavaScript on the Unix socket of a daemon. */
import { KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent } from 'undici';

/** All that the library has to know: the socket stands in the place of TCP. */
export class SocketConfig extends KubeConfig {
  readonly agent: Agent;

  constructor(socketPath: string) {
    super();
    this.agent = new Agent({ connect: { socketPath } });
    this.loadFromClusterAndUser(
      { name: 'host', server: 'http://localhost', skipTLSVerify: true },
      { name: 'me' },
    );
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    context.setDispatcher(this.agent);
  }
}
