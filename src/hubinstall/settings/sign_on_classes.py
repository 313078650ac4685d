"""The options of oauthenticator's classes, as config.yaml takes them. Made by tests/sign_on_classes.py."""

PATHS = {
    "github": "oauthenticator.github.GitHubOAuthenticator",
    "gitlab": "oauthenticator.gitlab.GitLabOAuthenticator",
    "google": "oauthenticator.google.GoogleOAuthenticator",
    "bitbucket": "oauthenticator.bitbucket.BitbucketOAuthenticator",
    "openshift": "oauthenticator.openshift.OpenShiftOAuthenticator",
    "auth0": "oauthenticator.auth0.Auth0OAuthenticator",
    "cilogon": "oauthenticator.cilogon.CILogonOAuthenticator",
    "azuread": "oauthenticator.azuread.AzureAdOAuthenticator",
    "globus": "oauthenticator.globus.GlobusOAuthenticator",
    "mediawiki": "oauthenticator.mediawiki.MWOAuthenticator",
}
"""`auth.type` → the class."""

COMMON = {
    "allowed_scopes": "a list",
    "authorize_url": "text",
    "auto_login": "true or false",
    "auto_login_oauth2_authorize": "true or false",
    "basic_auth": "true or false",
    "client_id": "text",
    "custom_403_message": "text",
    "enable_pkce": "true or false",
    "extra_authorize_params": "a map",
    "http_request_kwargs": "a map",
    "login_service": "text",
    "logout_redirect_url": "text",
    "oauth_callback_url": "text",
    "scope": "a list",
    "token_params": "a map",
    "token_url": "text",
    "userdata_from_id_token": "true or false",
    "userdata_params": "a map",
    "userdata_token_method": "text",
    "userdata_url": "text",
    "username_claim": "text",
    "validate_server_cert": "true or false",
}
"""What all of them take: option → what its value is."""

OWN = {
    "GitHubOAuthenticator": {
        "allowed_organizations": "a list",
        "github_api": "text",
        "github_url": "text",
        "populate_teams_in_auth_state": "true or false",
    },
    "GitLabOAuthenticator": {
        "allowed_gitlab_groups": "a list",
        "allowed_project_ids": "a list",
        "gitlab_api": "text",
        "gitlab_api_version": "text",
        "gitlab_url": "text",
    },
    "GoogleOAuthenticator": {
        "google_api_url": "text",
        "hosted_domain": "a list",
        "strip_domain": "true or false",
    },
    "BitbucketOAuthenticator": {
        "allowed_teams": "a list",
    },
    "OpenShiftOAuthenticator": {
        "ca_certs": "text",
        "openshift_auth_api_url": "text",
        "openshift_rest_api_url": "text",
        "openshift_url": "text",
    },
    "Auth0OAuthenticator": {
        "allow_unverified_email": "true or false",
        "auth0_domain": "text",
        "auth0_subdomain": "text",
    },
    "CILogonOAuthenticator": {
        "additional_username_claims": "a list",
        "cilogon_host": "text",
        "idp": "text",
        "idps": "a map",
        "shown_idps": "a list",
        "skin": "text",
        "strip_idp_domain": "true or false",
    },
    "AzureAdOAuthenticator": {
        "graph_url": "text",
        "tenant_id": "text",
    },
    "GlobusOAuthenticator": {
        "admin_globus_groups": "a list",
        "allowed_globus_groups": "a list",
        "exclude_tokens": "a list",
        "globus_groups_url": "text",
        "globus_local_endpoint": "text",
        "identity_provider": "text",
        "revocation_url": "text",
        "revoke_tokens_on_logout": "true or false",
        "username_from_email": "true or false",
    },
    "MWOAuthenticator": {
        "executor_threads": "a number",
        "mw_index_url": "text",
    },
}
"""What one class takes besides."""
