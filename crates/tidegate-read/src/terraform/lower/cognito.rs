//! Cognito.

use super::table::{Field, Type, keep, many, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_cognito_user_pool", "AWS::Cognito::UserPool")
        .names(&["name"])
        .attributes(&[("endpoint", "ProviderName"), ("name", "UserPoolName")])
        .fields(POOL),
    Type::new("aws_cognito_user_pool_client", "AWS::Cognito::UserPoolClient")
        .attributes(&[("client_secret", "ClientSecret")])
        .fields(&[
            to("name", "ClientName"),
            to("callback_urls", "CallbackURLs"),
            to("logout_urls", "LogoutURLs"),
            to("default_redirect_uri", "DefaultRedirectURI"),
            to("allowed_oauth_flows", "AllowedOAuthFlows"),
            to("allowed_oauth_flows_user_pool_client", "AllowedOAuthFlowsUserPoolClient"),
            to("allowed_oauth_scopes", "AllowedOAuthScopes"),
            one("token_validity_units", "TokenValidityUnits"),
        ]),
    Type::new("aws_cognito_user_pool_domain", "AWS::Cognito::UserPoolDomain"),
    Type::new("aws_cognito_user_group", "AWS::Cognito::UserPoolGroup").fields(&[to("name", "GroupName")]),
    Type::new("aws_cognito_user", "AWS::Cognito::UserPoolUser")
        .fields(&[keep("attributes", "UserAttributes")]),
    Type::new("aws_cognito_resource_server", "AWS::Cognito::UserPoolResourceServer")
        .fields(&[many("scope", "Scopes")]),
    Type::new("aws_cognito_identity_provider", "AWS::Cognito::UserPoolIdentityProvider").fields(&[
        keep("provider_details", "ProviderDetails"),
        keep("attribute_mapping", "AttributeMapping"),
    ]),
    Type::new("aws_cognito_risk_configuration", "AWS::Cognito::UserPoolRiskConfigurationAttachment"),
    Type::new("aws_cognito_identity_pool", "AWS::Cognito::IdentityPool").fields(&[
        many("cognito_identity_providers", "CognitoIdentityProviders"),
        to("openid_connect_provider_arns", "OpenIdConnectProviderARNs"),
        to("saml_provider_arns", "SamlProviderARNs"),
        keep("supported_login_providers", "SupportedLoginProviders"),
        to("tags", "IdentityPoolTags"),
    ]),
    Type::new("aws_cognito_identity_pool_roles_attachment", "AWS::Cognito::IdentityPoolRoleAttachment")
        .fields(&[keep("roles", "Roles"), many("role_mapping", "RoleMappings")]),
];

const POOL: &[Field] = &[
    to("name", "UserPoolName"),
    one("password_policy", "Policies.PasswordPolicy"),
    one("user_pool_add_ons", "UserPoolAddOns"),
    one("admin_create_user_config", "AdminCreateUserConfig"),
    one("admin_create_user_config.invite_message_template", "InviteMessageTemplate"),
    one("account_recovery_setting", "AccountRecoverySetting"),
    many("account_recovery_setting.recovery_mechanism", "RecoveryMechanisms"),
    one("lambda_config", "LambdaConfig"),
    to("lambda_config.kms_key_id", "KMSKeyID"),
    to("lambda_config.custom_sms_sender", "CustomSMSSender"),
    to("*.invite_message_template.sms_message", "SMSMessage"),
    one("device_configuration", "DeviceConfiguration"),
    one("email_configuration", "EmailConfiguration"),
    to("email_configuration.from_email_address", "From"),
    one("sms_configuration", "SmsConfiguration"),
    one("username_configuration", "UsernameConfiguration"),
    one("verification_message_template", "VerificationMessageTemplate"),
    one("user_attribute_update_settings", "UserAttributeUpdateSettings"),
    many("schema", "Schema"),
    to("tags", "UserPoolTags"),
];
