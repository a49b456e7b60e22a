/**
 * Resource types the local run has no need for, each with the reason. Their `Ref` is a name like any other, so that what
 * mentions them can be read; their attributes are not modelled, so that nothing can depend on one. A type that is in
 * neither this list nor the models is refused: silence here would be a guess.
 */
export const IGNORED_TYPES: ReadonlyMap<string, string> = new Map([
  ['AWS::CDK::Metadata', 'says which constructs made the template'],
  ...because('the database listens on loopback and there is no network to build', [
    'AWS::EC2::VPC',
    'AWS::EC2::Subnet',
    'AWS::EC2::RouteTable',
    'AWS::EC2::SubnetRouteTableAssociation',
    'AWS::EC2::Route',
    'AWS::EC2::SecurityGroup',
    'AWS::EC2::SecurityGroupIngress',
    'AWS::EC2::SecurityGroupEgress',
    'AWS::EC2::NetworkAcl',
    'AWS::EC2::NetworkAclEntry',
    'AWS::EC2::SubnetNetworkAclAssociation',
    'AWS::EC2::InternetGateway',
    'AWS::EC2::VPCGatewayAttachment',
    'AWS::EC2::VPCEndpoint',
    'AWS::EC2::FlowLog',
  ]),
  ...because('one PostgreSQL process stands for the cluster', [
    'AWS::RDS::DBSubnetGroup',
    'AWS::RDS::DBInstance',
    'AWS::RDS::DBParameterGroup',
    'AWS::RDS::DBClusterParameterGroup',
  ]),
  ...because('nobody is paged by a laptop', [
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::CompositeAlarm',
    'AWS::CloudWatch::Dashboard',
    'AWS::Logs::MetricFilter',
    'AWS::Logs::QueryDefinition',
    'AWS::Logs::ResourcePolicy',
    'AWS::SNS::Topic',
    'AWS::SNS::TopicPolicy',
    'AWS::SNS::Subscription',
    'AWS::Budgets::Budget',
  ]),
  ...because('the gateway listens on loopback only, nothing stands in front of it', [
    'AWS::WAFv2::WebACL',
    'AWS::WAFv2::WebACLAssociation',
    'AWS::WAFv2::LoggingConfiguration',
  ]),
  ...because('the local identity provider has its own pages', [
    'AWS::Cognito::ManagedLoginBranding',
    'AWS::Cognito::UserPoolUICustomizationAttachment',
  ]),
  ...because('secrets stay as they were made until the state is cleared', ['AWS::SecretsManager::RotationSchedule']),
]);

function because(reason: string, types: readonly string[]): [string, string][] {
  return types.map((type) => [type, reason]);
}
