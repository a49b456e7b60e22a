import { CfnOutput, Stack } from 'aws-cdk-lib';
import { type CfnApi, CfnApiMapping, CfnDomainName, type CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** The setting `domain`, where there is one. */
export type Domain = NonNullable<Settings['domain']>;

/** Where a domain's name leads: a host, and the hosted zone that an alias record to it names. */
export type Target = { readonly name: string; readonly zone: string };

/** Properties of an {@link ApiDomain}. */
export type ApiDomainProps = { readonly domain: Domain; readonly api: CfnApi; readonly stage: CfnStage };

/** The API under a name of its owner's, TLS 1.2 or newer, and under no path: discovery happens at the root. */
export class ApiDomain extends Construct {
  readonly target: Target;

  constructor(scope: Construct, id: string, { domain, api, stage }: ApiDomainProps) {
    super(scope, id);
    const name = new CfnDomainName(this, 'Name', {
      domainName: domain.name,
      domainNameConfigurations: [
        { certificateArn: domain.certificateArn, endpointType: 'REGIONAL', securityPolicy: 'TLS_1_2' },
      ],
    });
    // No mapping key: RFC 8414 and RFC 9728 look for the documents below the host's root.
    new CfnApiMapping(this, 'Mapping', { apiId: api.ref, domainName: name.ref, stage: stage.ref });
    this.target = { name: name.attrRegionalDomainName, zone: name.attrRegionalHostedZoneId };
  }
}

/**
 * Makes the domain's name lead to `target`: a record where its hosted zone is ours, and an output that says it anyway.
 * One record whatever the target is, so that putting CloudFront in front changes it and makes no second one.
 */
export function pointAt(scope: Construct, domain: Domain, target: Target): void {
  if (domain.hostedZoneId !== undefined) {
    new CfnRecordSet(scope, 'Record', {
      hostedZoneId: domain.hostedZoneId,
      name: domain.name,
      type: 'A',
      aliasTarget: { dnsName: target.name, hostedZoneId: target.zone },
    });
  }
  new CfnOutput(Stack.of(scope), 'DomainTarget', {
    value: target.name,
    description: `${domain.name} has to lead here (CNAME, or an alias record)`,
  });
}
