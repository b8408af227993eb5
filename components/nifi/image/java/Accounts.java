package millrace.nifi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.concurrent.TimeUnit;
import org.apache.nifi.authentication.AuthenticationResponse;
import org.apache.nifi.authentication.LoginCredentials;
import org.apache.nifi.authentication.LoginIdentityProvider;
import org.apache.nifi.authentication.LoginIdentityProviderConfigurationContext;
import org.apache.nifi.authentication.LoginIdentityProviderInitializationContext;
import org.apache.nifi.authentication.exception.IdentityAccessException;
import org.apache.nifi.authentication.exception.InvalidLoginCredentialsException;

/**
 * Accounts whose passwords lie in a folder, a file each: `Folder` in login-identity-providers.xml. The file is read at each login, so a new
 * password holds at once. Wrong ones close no door: whoever guesses would close it to the platform's own programs, and a password has 24 characters.
 */
public final class Accounts implements LoginIdentityProvider {
  private Path folder;
  private long lifeMs;

  @Override
  public void initialize(LoginIdentityProviderInitializationContext context) {}

  @Override
  public void onConfigured(LoginIdentityProviderConfigurationContext context) {
    folder = Path.of(context.getProperty("Folder"));
    lifeMs = TimeUnit.HOURS.toMillis(Long.parseLong(context.getProperty("Hours")));
  }

  @Override
  public AuthenticationResponse authenticate(LoginCredentials credentials) {
    String user = credentials.getUsername();
    String password = credentials.getPassword();
    if (user == null || password == null || !isRight(user, password)) {
      throw new InvalidLoginCredentialsException("user or password is wrong");
    }
    return new AuthenticationResponse(user, user, lifeMs, "millrace");
  }

  @Override
  public void preDestruction() {}

  private boolean isRight(String user, String password) {
    boolean isName = user.matches("[a-z][a-z0-9-]{0,62}") && Files.isRegularFile(folder.resolve(user));
    try {
      String known = isName ? Files.readString(folder.resolve(user)).strip() : "";
      boolean isSame =
          MessageDigest.isEqual(known.getBytes(StandardCharsets.UTF_8), password.getBytes(StandardCharsets.UTF_8));
      return isSame && !known.isEmpty();
    } catch (IOException error) {
      throw new IdentityAccessException("the passwords can't be read", error);
    }
  }
}
