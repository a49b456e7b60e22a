import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { DOMAIN } from './edge.ts';
import { ofType, readable, synthesized } from './synthesized.ts';

const { service } = synthesized({ 'gatehouse.domain': DOMAIN });

describe('a domain of your own, at the API', () => {
  test('speaks TLS 1.2 or newer, with your certificate', () => {
    service.allResourcesProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: DOMAIN.name,
      DomainNameConfigurations: [
        { CertificateArn: DOMAIN.certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
      ],
    });
    service.resourceCountIs('AWS::ApiGatewayV2::DomainName', 1);
  });

  test('is the only address: the API no longer answers to its own', () => {
    service.allResourcesProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true });
  });

  test('has the root of the host, where discovery looks', () => {
    service.allResourcesProperties('AWS::ApiGatewayV2::ApiMapping', { ApiMappingKey: Match.absent() });
    type Mapping = { readonly Stage: unknown };
    const [mapping] = Object.values(ofType<Mapping>(service, 'AWS::ApiGatewayV2::ApiMapping'));
    expect(readable(mapping?.Properties.Stage)).toBe('FrontDoorStage');
  });

  test('is the issuer, and no function is locked', () => {
    type Lambda = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };
    const variables = Object.values(ofType<Lambda>(service, 'AWS::Lambda::Function')).map(
      ({ Properties }) => Properties.Environment.Variables,
    );
    const issuers = variables.map(({ ISSUER }) => ISSUER).filter((issuer) => issuer !== undefined);
    expect(new Set(issuers)).toEqual(new Set([`https://${DOMAIN.name}`]));
    expect(variables.filter(({ ORIGIN_SECRET }) => ORIGIN_SECRET !== undefined)).toEqual([]);
    service.hasOutput('Issuer', { Value: `https://${DOMAIN.name}` });
  });

  test('is where people come back to from the identity provider', () => {
    service.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      CallbackURLs: [`https://${DOMAIN.name}/callback`],
    });
  });

  test('gets a record where its zone is ours, and an output says where it leads anyway', () => {
    service.hasResourceProperties('AWS::Route53::RecordSet', {
      HostedZoneId: DOMAIN.hostedZoneId,
      Name: DOMAIN.name,
      Type: 'A',
    });
    service.hasOutput('DomainTarget', {});
  });
});
