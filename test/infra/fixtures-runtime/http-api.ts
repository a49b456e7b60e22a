import { type Gateway, type RequestReport, startGateway } from '../../../infra/local/gateway/gateway.ts';
import { createFunctions } from '../../../infra/local/lambda/functions.ts';
import type { JsonObject } from '../../../infra/local/template/json.ts';
import { assemblyOf, credentials, getAtt, join, lambdaFunction, ref, resolverOf, type Template } from './assembly.ts';

export type RouteOptions = {
  /** Properties of the route beside those CDK writes. */
  readonly route?: JsonObject;
  readonly integration?: JsonObject;
  /** Properties of the permission beside those CDK writes; false for no permission at all. */
  readonly permission?: JsonObject | false;
  readonly function?: JsonObject;
  readonly bundle?: string;
};

/** The template of an HTTP API as CDK writes it: each route with an integration, a permission and a function of its own. */
export function httpApi(
  routes: Readonly<Record<string, RouteOptions>>,
  stage: JsonObject = {},
  api: JsonObject = {},
): Template {
  const template: Record<string, Template[string]> = {
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'Api', ProtocolType: 'HTTP', ...api } },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: ref('Api'), StageName: '$default', AutoDeploy: true, ...stage },
    },
  };
  for (const [index, [key, options]] of Object.entries(routes).entries()) {
    const path = key.includes(' ') ? key.slice(key.indexOf(' ') + 1) : '';
    template[`Function${index}`] = lambdaFunction(
      options.bundle ?? 'echo',
      { NAME: `Function${index}` },
      options.function,
    );
    template[`Integration${index}`] = {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: ref('Api'),
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: getAtt(`Function${index}`, 'Arn'),
        PayloadFormatVersion: '2.0',
        ...options.integration,
      },
    };
    template[`Route${index}`] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: ref('Api'),
        RouteKey: key,
        Target: join('integrations/', ref(`Integration${index}`)),
        AuthorizationType: 'NONE',
        ...options.route,
      },
    };
    if (options.permission === false) continue;
    template[`Permission${index}`] = {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: getAtt(`Function${index}`, 'Arn'),
        Principal: 'apigateway.amazonaws.com',
        SourceArn: join(
          ...['arn:', ref('AWS::Partition'), ':execute-api:', ref('AWS::Region'), ':', ref('AWS::AccountId'), ':'],
          ...[ref('Api'), `/*/*${path}`],
        ),
        ...options.permission,
      },
    };
  }
  return template;
}

export type RunningApi = {
  readonly gateway: Gateway;
  readonly reports: RequestReport[];
  readonly close: () => Promise<void>;
};

/** Runs a template's API and functions on a free port. */
export async function runApi(template: Template): Promise<RunningApi> {
  const assembly = assemblyOf(template);
  const resolver = resolverOf(assembly);
  const onLog = () => undefined;
  const functions = createFunctions({ assembly, resolver, credentials, endpointUrl: 'http://127.0.0.1:9', onLog });
  const reports: RequestReport[] = [];
  const onRequest = (report: RequestReport) => void reports.push(report);
  try {
    const gateway = await startGateway({ assembly, resolver, port: 0, invoke: functions.invoke, onRequest });
    const close = async () => {
      await gateway.close();
      await functions.close();
    };
    return { gateway, reports, close };
  } catch (error) {
    await functions.close();
    throw error;
  }
}
