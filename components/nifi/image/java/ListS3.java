package millrace.nifi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.behavior.Stateful;
import org.apache.nifi.annotation.behavior.TriggerSerially;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.components.Validator;
import org.apache.nifi.components.state.Scope;
import org.apache.nifi.expression.ExpressionLanguageScope;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import org.apache.nifi.processor.Relationship;
import org.apache.nifi.processor.exception.ProcessException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Object;

@Tags({"s3", "list", "millrace"})
@CapabilityDescription(
    "Names the objects below a prefix, each once as long as it is there: what follows takes them and deletes them. An object that is "
        + "written anew is another one. Attribute `delivery.id` tells one from all others.")
@InputRequirement(InputRequirement.Requirement.INPUT_FORBIDDEN)
@TriggerSerially
@Stateful(scopes = Scope.CLUSTER, description = "The objects that are named and still there.")
public final class ListS3 extends S3Processor {
  /** Objects that are named at a time: the next are when what follows has room. */
  private static final int MOST = 100;

  static final PropertyDescriptor PREFIX =
      new PropertyDescriptor.Builder()
          .name("Prefix")
          .description("Begin of the objects' names. Objects whose name ends in a slash are folders, and are left.")
          .expressionLanguageSupported(ExpressionLanguageScope.ENVIRONMENT)
          .addValidator(Validator.VALID)
          .build();

  @Override
  List<PropertyDescriptor> ownProperties() {
    return List.of(PREFIX);
  }

  @Override
  public Set<Relationship> getRelationships() {
    return Set.of(SUCCESS);
  }

  @Override
  public void onTrigger(ProcessContext context, ProcessSession session) {
    String bucket = valueOf(context, BUCKET, null);
    String prefix = context.getProperty(PREFIX).isSet() ? valueOf(context, PREFIX, null) : "";
    try {
      Map<String, String> known = session.getState(Scope.CLUSTER).toMap();
      Map<String, String> there = new HashMap<>();
      List<S3Object> come = new ArrayList<>();
      for (S3Object object : s3().listObjectsV2Paginator(ask -> ask.bucket(bucket).prefix(prefix)).contents()) {
        String id = idOf(bucket, object);
        boolean isKnown = id.equals(known.get(object.key()));
        if (object.key().endsWith("/") || (!isKnown && come.size() >= MOST)) continue;
        there.put(object.key(), id);
        if (!isKnown) come.add(object);
      }
      for (S3Object object : come) session.transfer(named(session, bucket, object), SUCCESS);
      if (!there.equals(known)) session.setState(there, Scope.CLUSTER);
      if (come.isEmpty()) context.yield();
    } catch (SdkException error) {
      getLogger().error("S3 does not list bucket {}: {}", bucket, words(error));
      session.rollback();
      context.yield();
    } catch (IOException error) {
      throw new ProcessException("the state can't be read or written", error);
    }
  }

  private static FlowFile named(ProcessSession session, String bucket, S3Object object) {
    Map<String, String> attributes =
        Map.of(
            "filename", object.key(),
            "s3.bucket", bucket,
            "s3.etag", etag(object),
            "s3.length", String.valueOf(object.size()),
            "s3.lastModified", String.valueOf(object.lastModified().toEpochMilli()),
            "source", "s3://" + bucket + "/" + object.key(),
            "delivery.id", idOf(bucket, object));
    FlowFile flowFile = session.putAllAttributes(session.create(), attributes);
    session.getProvenanceReporter().receive(flowFile, attributes.get("source"));
    return flowFile;
  }

  private static String etag(S3Object object) {
    return object.eTag().replace("\"", "");
  }

  private static String idOf(String bucket, S3Object object) {
    String all =
        String.join("\n", bucket, object.key(), etag(object), String.valueOf(object.lastModified().toEpochMilli()));
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
