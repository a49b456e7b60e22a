import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import { isObject, type Json, listOf } from '../template/json.ts';

/**
 * Every custom resource of the assembly, each after all that it needs.
 *
 * @throws Problem when resources need each other in a circle
 */
export function inDependencyOrder(assembly: Assembly): readonly Resource[] {
  const done = new Set<Resource>();
  const visiting: Resource[] = [];
  const order: Resource[] = [];
  const visit = (resource: Resource) => {
    if (done.has(resource)) return;
    if (visiting.includes(resource)) {
      const circle = [...visiting.slice(visiting.indexOf(resource)), resource].map(({ id }) => id).join(' -> ');
      throw new Problem(`${resource.stack}: these resources need each other: ${circle}.`);
    }
    visiting.push(resource);
    for (const needed of neededBy(assembly, resource)) visit(needed);
    visiting.pop();
    done.add(resource);
    if (isCustomResource(resource)) order.push(resource);
  };
  for (const resource of assembly.resources.filter(isCustomResource)) visit(resource);
  return order;
}

/** True for the resources that a function of the template stands behind. */
function isCustomResource({ type }: Resource): boolean {
  return type === 'AWS::CloudFormation::CustomResource' || type.startsWith('Custom::');
}

/**
 * What must be there before a resource: what DependsOn and its references name, through any resource in between (the
 * function behind a custom resource may itself need another's data), and for an import every resource of the stacks
 * that export, which CloudFormation deploys as a whole first.
 */
function neededBy(assembly: Assembly, resource: Resource): readonly Resource[] {
  const names = new Set(resource.dependsOn);
  let imports = false;
  collect(resource.properties, {
    reference: (id) => names.add(id),
    importValue: () => {
      imports = true;
    },
  });
  return assembly.resources.filter((candidate) => {
    if (candidate.stack === resource.stack) return names.has(candidate.id);
    return imports && isCustomResource(candidate) && exports(assembly, candidate.stack);
  });
}

function exports(assembly: Assembly, stack: string): boolean {
  return Object.values(assembly.outputs(stack)).some(({ exportName }) => exportName !== undefined);
}

type Visitor = { readonly reference: (id: string) => void; readonly importValue: () => void };

function collect(value: Json, visitor: Visitor): void {
  if (!isObject(value)) {
    for (const each of Array.isArray(value) ? listOf(value) : []) collect(each, visitor);
    return;
  }
  for (const [name, argument] of Object.entries(value)) {
    if (name === 'Ref') visitor.reference(String(argument));
    else if (name === 'Fn::GetAtt') visitor.reference(String(listOf(argument)[0]).split('.')[0] ?? '');
    else if (name === 'Fn::ImportValue') visitor.importValue();
    else if (name === 'Fn::Sub') {
      const template = String(listOf(argument)[0]);
      for (const [, id = ''] of template.matchAll(/\$\{([^!}.]+)[^}]*\}/g)) visitor.reference(id.trim());
    }
    collect(argument, visitor);
  }
}
