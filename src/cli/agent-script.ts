import { gzipSync } from 'node:zlib';
import agent from '../../agent/activity-agent.sh' with { type: 'text' };
import { ConfigError } from '../config.ts';

/** The most that SageMaker takes of a lifecycle configuration, in characters of base64 (CreateStudioLifecycleConfig). */
const MOST = 16_384;

/** An event bus by its name or ARN, as PutEvents takes it. Nothing in it means anything to a shell. */
const BUS = /^(arn:aws[\w-]*:events:[a-z]+-[\w-]+:\d{12}:event-bus\/)?[/.\-_A-Za-z0-9]{1,256}$/;

/** Where the agent sends its heartbeats, when nobody says. */
export const DEFAULT_BUS = 'default';

/** The agent as it is installed: settings that differ from its own stand in a line under the first. Throws ConfigError. */
export function agentScript(bus: string): string {
  if (!BUS.test(bus)) throw new ConfigError(`--bus ${bus}: not the name of an event bus, nor its ARN`);
  if (bus === DEFAULT_BUS) return agent;
  const script = agent.replace('\n', `\nexport CURFEW_AGENT_BUS=${bus}\n`);
  const size = Buffer.from(script).toString('base64').length;
  if (size > MOST) {
    const room = Math.floor((MOST / 4) * 3) - Buffer.byteLength(script) + bus.length;
    throw new ConfigError(
      `--bus ${bus}: the agent with it is ${size} characters of base64, and SageMaker takes ${MOST}; a name of ${room} would fit`,
    );
  }
  return script;
}

/** Lines that start the agent from within another lifecycle configuration: packed, so that both fit into one. */
export function agentSnippet(bus: string): string {
  const packed = gzipSync(agentScript(bus), { level: 9 })
    .toString('base64')
    .replaceAll(/.{100}/g, '$&\n');
  return `# Curfew's activity agent: \`curfew agent script\` shows it.\nbase64 -d <<'CURFEW' | gunzip | bash\n${packed}\nCURFEW\n`;
}
