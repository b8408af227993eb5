package millrace.nifi;

import org.apache.nifi.authorization.AuthorizationRequest;
import org.apache.nifi.authorization.AuthorizationResult;
import org.apache.nifi.authorization.Authorizer;
import org.apache.nifi.authorization.AuthorizerConfigurationContext;
import org.apache.nifi.authorization.AuthorizerInitializationContext;

/** Whoever has logged in may do everything: the accounts are those of who runs the platform. Nobody else gets in at all. */
public final class Everyone implements Authorizer {
  @Override
  public AuthorizationResult authorize(AuthorizationRequest request) {
    return request.isAnonymous()
        ? AuthorizationResult.denied("nobody is logged in")
        : AuthorizationResult.approved();
  }

  @Override
  public void initialize(AuthorizerInitializationContext context) {}

  @Override
  public void onConfigured(AuthorizerConfigurationContext context) {}

  @Override
  public void preDestruction() {}
}
