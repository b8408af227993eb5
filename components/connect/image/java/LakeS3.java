package millrace.connect;

import java.util.Map;
import org.apache.iceberg.aws.s3.S3FileIOAwsClientFactory;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/** Iceberg's client of S3. Its own factory asks for the clients of half a dozen other services. */
public final class LakeS3 implements S3FileIOAwsClientFactory {
  private static final long serialVersionUID = 1L;

  private Map<String, String> settings = Map.of();

  @Override
  public void initialize(Map<String, String> properties) {
    settings = properties;
  }

  @Override
  public S3Client s3() {
    return S3Store.client(
        settings.get("s3.endpoint"),
        settings.get("client.region"),
        Boolean.parseBoolean(settings.get("s3.path-style-access")));
  }

  @Override
  public S3AsyncClient s3Async() {
    throw new UnsupportedOperationException("the lake's tables are not read by S3's asynchronous client");
  }
}
