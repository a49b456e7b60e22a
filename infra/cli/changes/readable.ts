import { printable } from '../text-table.ts';

/** Values of a template as text: once so that equal texts mean equal values, and once as a person would write them. */

/** A value of a template, references as `${…}`; two values have one text only if they are the same. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object') return String(value);
  const [[name, argument] = ['', undefined], ...others] = Object.entries(value);
  if (others.length === 0 && !Array.isArray(value)) {
    if (name === 'Ref') return `\${${String(argument)}}`;
    if (name === 'Fn::GetAtt') return `\${${Array.isArray(argument) ? argument.join('.') : String(argument)}}`;
    if (name === 'Fn::ImportValue') return `\${import ${textOf(argument)}}`;
    if (name === 'Fn::Sub' && typeof argument === 'string') return argument;
    if (name === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])) {
      return argument[1].map(textOf).join(String(argument[0]));
    }
  }
  return canonical(value);
}

/** JSON with the members of objects in one order. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      inner !== null && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  );
}

/** The logical ids that a value refers to. */
export function references(value: unknown): string[] {
  return [...canonical(value).matchAll(/"(?:Ref|Fn::GetAtt)":(?:\["|")([A-Za-z0-9]+)|\$\{([A-Za-z0-9]+)/g)].map(
    ([, named, inText]) => named ?? inText ?? '',
  );
}

/** {@link textOf} a value, with `Grants` in place of `${Grants5D26E11C.Arn}`. A template's author writes no terminal codes. */
export function shortened(text: string): string {
  return printable(text)
    .replace(/\$\{import [^}]*ExportsOutput(?:Ref|FnGetAtt)(\w+?)[0-9A-F]{8}[^}]*\}/g, '$1')
    .replace(/\$\{(\w+?)[0-9A-F]{8}(?:\.\w+)*\}/g, '$1')
    .replace(/\$\{AWS::(\w+)\}/g, '<$1>');
}

/** A logical id without the hash that the CDK puts behind it. */
export function nameOf(id: string): string {
  return printable(id.replace(/[0-9A-F]{8}$/, ''));
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['AWS::DynamoDB::GlobalTable', 'table'],
  ['AWS::DynamoDB::Table', 'table'],
  ['AWS::KMS::Key', 'key'],
  ['AWS::S3::Bucket', 'bucket'],
  ['AWS::SecretsManager::Secret', 'secret'],
  ['AWS::RDS::DBCluster', 'database cluster'],
  ['AWS::RDS::DBInstance', 'database instance'],
  ['AWS::Logs::LogGroup', 'log group'],
  ['AWS::Cognito::UserPool', 'user pool'],
  ['AWS::Cognito::UserPoolGroup', 'group of the user pool'],
  ['AWS::ApiGatewayV2::Api', 'API'],
  ['AWS::IAM::Role', 'role'],
  ['AWS::Lambda::Function', 'function'],
]);

/** What a type of resources is called: `table`, and `AWS::WAFv2::WebACL` where there is no such word. */
export function kindOf(type: string): string {
  return KINDS.get(type) ?? printable(type);
}
