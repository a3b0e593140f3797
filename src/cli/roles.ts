/** `weft roles`: the roles that tasks can have, and where they come from. */
import { forPlans, problemText, type RoleDefinition } from '../domain/role';
import { projectNow } from './project';
import { type CliPorts, refused } from './run';

/** Lists the roles, with where they come from, and what is to be said of their files. Resolves to the exit code. */
export async function rolesCommand(ports: CliPorts): Promise<number> {
  const project = await projectNow(ports);
  if (!project.ok) return refused(project.failure, ports);
  const roles = forPlans(project.value.roles);
  const width = Math.max(...roles.map(({ name }) => name.length));
  for (const role of roles) ports.output.say(`${role.name.padEnd(width)}  ${facts(role)}`);
  for (const problem of project.value.problems) if (problem.kind !== 'error') ports.output.say(problemText(problem));
  const listed = roles.map(({ name, description, source, tools, model, pool }) => ({ name, description, source, tools, model, pool }));
  ports.output.result({ exitCode: 0, roles: listed, problems: project.value.problems });
  return 0;
}

function facts({ description, source, tools, model, pool }: RoleDefinition): string {
  const more = [
    source.kind === 'builtIn' ? 'Weft’s own' : source.path,
    ...(tools === null ? [] : [tools.length === 0 ? 'reads only' : `may ${tools.join(', ')}`]),
    ...(model === undefined ? [] : [model]),
    ...(pool === undefined ? [] : [`pool ${pool}`]),
  ];
  return `${description} (${more.join('; ')})`;
}
